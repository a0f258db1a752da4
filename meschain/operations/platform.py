"""The platform: a Prefect server, a flow runner and the API, kept alive together for as long as their owner lives."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from commerce.errors import Permanent, Refused
from meschain.operations.child import Child
from meschain.operations.server import (
    Tell,
    await_api,
    await_server,
    free_port,
    is_free,
    start_api,
    start_server,
)
from meschain.settings import ApiSettings, PrefectSettings, Settings
from meschain.store.file_lock import FileLock

log = logging.getLogger(__name__)
_YOUNG_SECONDS = 30.0
_MOST_DEATHS = 3
_NAME_TAKEN = 2
_LOOK_SECONDS = 0.5


class Platform:
    """The children, or what somebody else of the same home has already started (then there are none)."""

    def __init__(self, settings: Settings, tell: Tell, *, with_api: bool = False) -> None:
        self.settings = settings
        """As given, with the port that is really used."""
        self._tell = tell
        self._server: Child | None = None
        self._runner: Child | None = None
        self._api: Child | None = None
        self._with_api = with_api
        self._early_deaths = 0

    @property
    def page(self) -> str:
        """Address of the Prefect UI."""
        return self.settings.prefect_url.removesuffix("/api")

    @property
    def owned(self) -> bool:
        """Whether the children are ours."""
        return self._runner is not None

    def start(self) -> None:
        """Start the server, unless the settings name one, and when it answers the runner."""
        if not self.settings.prefect.api_url:
            self._server = start_server(self.settings)
        if self._with_api:
            self._api = start_api(self.settings)
        await_server(self.settings, self._server, self._tell)
        self._runner = self._start_runner()
        if self._api is not None:
            await_api(self.settings, self._api, self._tell)

    def look_after(self) -> None:
        """Start again what has died; Permanent when that keeps happening."""
        if self._server is not None and self._server.exit_code is not None:
            self._mourn(self._server, "Prefect server")
            self._server = start_server(self.settings)
            await_server(self.settings, self._server, self._tell)
        if self._runner is not None and self._runner.exit_code is not None:
            if self._runner.exit_code == _NAME_TAKEN:
                raise Refused(self._runner.last_words())
            self._mourn(self._runner, "flow runner")
            self._runner = self._start_runner()
        if self._api is not None and self._api.exit_code is not None:
            self._mourn(self._api, "API")
            self._api = start_api(self.settings)

    def stop(self) -> None:
        """End the API, so that nobody asks any more, the runner, which may have to tell the server, and the server."""
        for child in (self._api, self._runner, self._server):
            if child is not None:
                child.stop()
        self._api = self._runner = self._server = None

    def _start_runner(self) -> Child:
        environment, logs = self.settings.child_environment(), self.settings.logs_dir()
        return Child([sys.executable, "-m", "flows"], environment, logs / "flow-runner.log")

    def _mourn(self, child: Child, what: str) -> None:
        young = child.age < _YOUNG_SECONDS
        self._early_deaths = self._early_deaths + 1 if young else 0
        story = f"The {what} died with code {child.exit_code}: {child.last_words()} (see {child.log})"
        if self._early_deaths >= _MOST_DEATHS:
            raise Permanent(f"{story}. It has died {_MOST_DEATHS} times in a row right after its start")
        self._tell(f"{story}. It is started again")


@contextmanager
def running_platform(
    settings: Settings, tell: Tell, *, any_port: bool = False, with_api: bool = False
) -> Iterator[Platform]:
    """A platform for the length of the block; one that runs already for this home is used and left running.

    With `any_port`, other ports are taken when those of the settings are not free.
    """
    lock = FileLock(settings.locks_dir(), "platform", "meschain")
    if not lock.acquire():
        yield Platform(_in_use(settings), tell)
        return
    if any_port:
        settings = _on_free_ports(settings, with_api=with_api)
    platform = Platform(settings, tell, with_api=with_api)
    try:
        platform.start()
        _address(settings).write_text(settings.prefect_url, encoding="utf-8")
        yield platform
    finally:
        platform.stop()
        _address(settings).unlink(missing_ok=True)
        lock.release()


def up(settings: Settings, tell: Tell) -> None:
    """Keep the platform up until SIGTERM or Ctrl-C. Refused when it is up already."""
    with running_platform(settings, tell, with_api=True) as platform:
        if not platform.owned:
            raise Refused(f"the platform is up already: {platform.page}")
        stop = threading.Event()
        with _signals(stop.set):
            tell(f"Prefect   {platform.page}")
            tell(f"API       {settings.public_url}/v1/openapi.json")
            tell(f"Console   {settings.public_url}/console")
            tell(f"Health    {settings.public_url}/health/ready, with the flow runner's; {platform.page}/api/health")
            tell(f"Logs are in {settings.logs_dir()}; Ctrl-C ends it")
            while not stop.wait(_LOOK_SECONDS):
                platform.look_after()
            tell("Stopping")


def _in_use(settings: Settings) -> Settings:
    """The settings with the address of the platform that runs already."""
    try:
        url = _address(settings).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise Refused(
            "the platform is being started or stopped by another process; wait a moment and try again"
        ) from None
    return settings.model_copy(update={"prefect": settings.prefect.model_copy(update={"api_url": url})})


def _on_free_ports(settings: Settings, *, with_api: bool) -> Settings:
    """The settings with ports nobody listens on, where something is to listen there."""
    groups: dict[str, PrefectSettings | ApiSettings] = {}
    if not settings.prefect.api_url:
        groups["prefect"] = settings.prefect
    if with_api:
        groups["api"] = settings.api
    moved = {
        name: group.model_copy(update={"port": free_port(group.host)})
        for name, group in groups.items()
        if not is_free(group.host, group.port)
    }
    return settings.model_copy(update=moved)


def _address(settings: Settings) -> Path:
    return settings.logs_dir() / "prefect-address"


@contextmanager
def _signals(act: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT call `act` for the length of the block."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: act()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
