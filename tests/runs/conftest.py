"""A Prefect server, an installation that uses it, and runner processes of which none is left."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meschain.settings import Settings
from meschain.store.engine import open_engine
from meschain.store.ids import new_id
from meschain.store.schema import upgrade
from meschain.store.tenancy import of_every_tenant
from tests.prefect_server import SETTINGS, Server, running_server, settings_at

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


class Runners:
    """Runner processes of one installation; their flows and their work pool bear a name of their own."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.mine = new_id()[-8:]
        self.store = of_every_tenant(open_engine(settings.store.url))
        self._folder = folder
        self._environment = settings.child_environment()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str = "one", every: int = 0) -> subprocess.Popen[bytes]:
        """Start one; `every` seconds `tick` runs by schedule."""
        command = [sys.executable, "-m", "tests.runs.ticking", name, str(self._folder), self.mine, str(every)]
        process = subprocess.Popen(command, cwd=PROJECT, env=self._environment)
        self._processes.append(process)
        return process

    def end(self) -> None:
        """Kill all that are left."""
        for process in self._processes:
            process.kill()
            process.wait()
        self.store.dispose()

    @property
    def lines(self) -> list[str]:
        """What the flows have written so far."""
        path = self._folder / "lines"
        return path.read_text().splitlines() if path.exists() else []

    def go(self, n: int) -> None:
        """Let the flow that waits for it end."""
        (self._folder / f"go-{n}").touch()


@pytest.fixture(scope="session")
def server() -> Server:
    """The Prefect server of this test process."""
    return running_server()


@pytest.fixture
def installation(store_url: str, home: Path, server: Server) -> Settings:
    """Settings of an installation with an empty store on either database, and the Prefect server."""
    settings = settings_at(home)
    return settings.model_copy(update={"store": settings.store.model_copy(update={"url": store_url})})


@pytest.fixture
def runners(installation: Settings, tmp_path: Path) -> Iterator[Runners]:
    """Runners of the installation."""
    yield from _runners(installation, tmp_path)


@pytest.fixture(scope="module")
def own_runners(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runners]:
    """Runners that the tests of a module share, on SQLite."""
    settings = settings_at(tmp_path_factory.mktemp("home"))
    engine = open_engine(settings.store.url)
    upgrade(engine, settings.locks_dir())
    engine.dispose()
    yield from _runners(settings, tmp_path_factory.mktemp("written"))


def _runners(settings: Settings, folder: Path) -> Iterator[Runners]:
    runners = Runners(settings, folder)
    yield runners
    runners.end()


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], object]], None]:
    """Waits until something holds."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session")
def prefect(server: Server):
    """Asks the Prefect server with its own client: `prefect(lambda client: client.…)`."""
    from prefect import get_client  # noqa: PLC0415  after its settings, see tests.prefect_server
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415  after the settings

    def ask(question):
        async def asked():
            async with get_client() as client:
                return await question(client)

        with temporary_settings({PREFECT_API_URL: SETTINGS.prefect_url}):
            return asyncio.run(asked())

    return ask
