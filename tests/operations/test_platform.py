"""The platform's three children: begun and ended in the right order, watched over, and what is said of them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from commerce.errors import Permanent, Refused
from meschain.audit.rules import OPERATOR
from meschain.operations import platform
from meschain.operations.platform import Platform, running_platform
from meschain.runs import service
from meschain.runs.service import get_trigger
from meschain.runs.tables import Runner
from meschain.settings import Settings
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant
from tests.connectors.loopback import Reply, serving
from tests.operations.up import PATIENCE, Up
from tests.web.wire import free_port

TRIPLE = ["server", "api", "runner"]


class Kid:
    """Stands for a child; writes down what happens to it."""

    def __init__(self, name: str, story: list[str], log: Path) -> None:
        self.name, self.log, self._story = name, log, story
        self.exit_code: int | None = None
        self.age = 1.0
        story.append(f"start {name}")

    def stop(self) -> None:
        self._story.append(f"stop {self.name}")

    def last_words(self) -> str:
        return f"the {self.name} fell"


class Nursery:
    """The children of a platform that starts none in earnest."""

    def __init__(self, folder: Path) -> None:
        self.story: list[str] = []
        self.told: list[str] = []
        self.kids: dict[str, Kid] = {}
        self._log = folder / "log"

    def start(self, name: str) -> Kid:
        self.kids[name] = Kid(name, self.story, self._log)
        return self.kids[name]

    @contextmanager
    def platform(self, settings: Settings, *, any_port: bool = False) -> Iterator[Platform]:
        with running_platform(settings, self.told.append, any_port=any_port, with_api=True) as running:
            yield running


@pytest.fixture
def nursery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nursery:
    """Children of which nothing is a process."""
    made = Nursery(tmp_path)
    monkeypatch.setattr(platform, "start_server", lambda _: made.start("server"))
    monkeypatch.setattr(platform, "start_api", lambda _: made.start("api"))
    monkeypatch.setattr(Platform, "_start_runner", lambda _: made.start("runner"))
    monkeypatch.setattr(platform, "await_server", lambda *_: made.story.append("server answers"))
    monkeypatch.setattr(platform, "await_api", lambda *_: made.story.append("api answers"))
    return made


def test_the_runner_begins_when_the_server_answers_and_the_api_ends_first(nursery: Nursery, settings: Settings) -> None:
    with nursery.platform(settings):
        begun = ["start server", "start api", "server answers", "start runner", "api answers"]
        assert nursery.story == begun
    assert nursery.story[len(begun) :] == ["stop api", "stop runner", "stop server"]


def test_what_fails_at_the_start_leaves_nothing_behind(
    nursery: Nursery, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Permanent("the API ended with code 1")

    monkeypatch.setattr(platform, "await_api", fail)
    with pytest.raises(Permanent, match="the API ended"), nursery.platform(settings):
        pass
    assert nursery.story[-3:] == ["stop api", "stop runner", "stop server"]
    with pytest.raises(Permanent, match="the API ended"), nursery.platform(settings):  # it is nobody's now
        pass


@pytest.mark.parametrize("name", TRIPLE)
def test_what_has_died_is_started_again_and_said(nursery: Nursery, settings: Settings, name: str) -> None:
    with nursery.platform(settings) as running:
        running.look_after()
        assert nursery.told == []
        nursery.kids[name].exit_code = -9
        running.look_after()
        assert nursery.story.count(f"start {name}") == 2
        [told] = nursery.told
        assert f"died with code -9: the {name} fell" in told
        running.look_after()
        assert len(nursery.told) == 1


@pytest.mark.parametrize("name", TRIPLE)
def test_what_dies_again_and_again_is_given_up(nursery: Nursery, settings: Settings, name: str) -> None:
    with nursery.platform(settings) as running:
        for _ in range(5):  # after a long life a death is no pattern
            nursery.kids[name].exit_code, nursery.kids[name].age = 1, 3600.0
            running.look_after()
        for _ in range(2):
            nursery.kids[name].exit_code = 1
            running.look_after()
        nursery.kids[name].exit_code = 1
        with pytest.raises(Permanent, match="3 times in a row"):
            running.look_after()


def test_a_runner_whose_name_is_taken_is_not_started_again(nursery: Nursery, settings: Settings) -> None:
    with nursery.platform(settings) as running:
        nursery.kids["runner"].exit_code = 2
        with pytest.raises(Refused, match="the runner fell"):
            running.look_after()


def test_a_second_platform_of_a_home_uses_the_first(nursery: Nursery, settings: Settings) -> None:
    with nursery.platform(settings) as first, nursery.platform(settings) as second:
        assert (first.owned, second.owned) == (True, False)
        assert second.page == first.page
        second.stop()
        with pytest.raises(Refused, match=f"up already: {first.page}"):
            platform.up(settings, nursery.told.append)
    assert nursery.story.count("stop api") == 1


def test_ports_that_are_taken_are_passed_over_when_any_will_do(nursery: Nursery, home: Path) -> None:
    with serving(lambda _: Reply()) as one, serving(lambda _: Reply()) as other:
        taken = Settings.model_validate({"home": home, "prefect": {"port": one.port}, "api": {"port": other.port}})
        with nursery.platform(taken, any_port=True) as running:
            moved = running.settings
            assert moved.prefect.port not in {one.port, other.port}
            assert moved.api.port not in {one.port, other.port}
            assert running.page == f"http://127.0.0.1:{moved.prefect.port}"
        with nursery.platform(taken) as running:
            assert running.settings == taken


def test_a_server_that_runs_already_keeps_its_port(nursery: Nursery, home: Path) -> None:
    with serving(lambda _: Reply()) as server:
        given = {"api_url": server.url("/api"), "port": server.port}
        settings = Settings.model_validate({"home": home, "prefect": given, "api": {"port": free_port()}})
        with nursery.platform(settings, any_port=True) as running:
            assert running.settings == settings
        assert "start server" not in nursery.story


def test_a_port_of_the_api_that_is_taken_is_named(home: Path) -> None:
    with serving(lambda _: Reply()) as other:
        settings = Settings.model_validate(
            {"home": home, "prefect": {"api_url": other.url("/api")}, "api": {"port": other.port}}
        )
        taken = f"port {other.port} on 127.0.0.1 is taken.*MESCHAIN_API__PORT"
        with pytest.raises(Permanent, match=taken), running_platform(settings, lambda _: None, with_api=True):
            pass


def test_an_api_that_does_not_come_up_is_told_with_its_last_words(home: Path) -> None:
    with serving(lambda _: Reply()) as server:
        api = {"port": free_port(), "trusted_proxies": "nginx"}
        settings = Settings.model_validate({"home": home, "prefect": {"api_url": server.url("/api")}, "api": api})
        told = r"the API ended with code 1: .*MESCHAIN_API__TRUSTED_PROXIES.*api\.log"
        with pytest.raises(Permanent, match=told), running_platform(settings, lambda _: None, with_api=True):
            pass


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    """The platform, once it has said where it is."""
    started = Up(home)
    try:
        started.until(lambda: "Logs are in" in started.said())
        yield started
    finally:
        started.process.kill()  # its children end with it
        started.process.wait()
        started.house.close()


def test_the_whole_of_it_comes_up_is_kept_up_and_ends_in_order(up: Up) -> None:
    _says_where_it_is(up)
    _is_kept_up(up)
    _ends_in_order(up)


def _says_where_it_is(up: Up) -> None:
    said, api = up.said(), up.settings.api_url
    for address in (f"http://127.0.0.1:{up.settings.prefect.port}", f"{api}/v1/openapi.json", f"{api}/console"):
        assert f" {address}\n" in said
    assert f" {api}/health/ready" in said
    assert httpx.get(f"{api}/v1/openapi.json").json()["openapi"].startswith("3.1")
    assert httpx.get(f"http://127.0.0.1:{up.settings.prefect.port}/api/health").status_code == 200
    up.until(lambda: httpx.get(f"{api}/health/ready").json()["runners"] == 1)


def _is_kept_up(up: Up) -> None:
    for module, alive in (("meschain.web", lambda: up.answers("/health/live")), ("flows", up.runners)):
        dead = up.child(module)
        os.kill(dead, signal.SIGKILL)
        up.until(lambda module=module, dead=dead: up.child(module) not in {0, dead})
        up.until(alive)
    assert up.said().count("It is started again") == 2


def _ends_in_order(up: Up) -> None:
    store = of_every_tenant(up.house.engine)
    trigger = service.trigger(store, "check-invariants", {}, log=up.house.log, actor=OPERATOR).id
    up.until(lambda: get_trigger(store, trigger).state != "queued")
    up.process.terminate()
    assert up.process.wait(PATIENCE) == 0
    assert up.said().endswith("Stopping\n")
    assert get_trigger(store, trigger).state in {"finished", "queued"}  # it ended, or waits for the next runner
    with reading(up.house.engine) as session:
        assert all(runner.stopped_at for runner in session.query(Runner))
    for url in (up.settings.api_url, f"http://127.0.0.1:{up.settings.prefect.port}"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
    for log in ("api", "flow-runner"):
        assert "Traceback" not in (up.settings.logs_dir() / f"{log}.log").read_text()
