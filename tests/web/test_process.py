"""`python -m meschain.web`: how it starts, what it loads, what it says, and how it ends."""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from meschain.access.authentication import Authenticator
from meschain.access.signing import SigningKeys
from meschain.settings import Settings, private_dir
from meschain.store.changes import Changes
from meschain.web.__main__ import main
from meschain.wiring import House
from tests.access.people import PASSWORD, People
from tests.processes import FORKS
from tests.web.wire import ask, free_port, wire

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "apprise", "dlt", "great_expectations", "matplotlib", "pandas", "prefect", "pyarrow", "python_calamine", "scipy",
    "xlsxwriter",
)  # fmt: skip
"""What only flows need: seconds of imports, and hundreds of megabytes."""
START_SECONDS, END_SECONDS = 60.0, 8.0
COMMAND = (sys.executable, "-m", "meschain.web")
LOADED = "import sys, meschain.web.__main__; print(' '.join(sys.modules))"


@dataclass
class Served:
    """A running API."""

    pid: int
    port: int
    log: Path
    wait: Callable[[float], int | None]
    """The exit code, within so many seconds."""

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024

    def end(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Ask it to end; its exit code."""
        os.kill(self.pid, how)
        return self.wait(END_SECONDS)


def variables(home: Path, port: int, **more: str) -> dict[str, str]:
    """The settings of a child."""
    return {"MESCHAIN_HOME": str(home), "MESCHAIN_API__PORT": str(port), **more}


def serve(log: Path, own: dict[str, str]) -> None:
    """What `python -m meschain.web` does, in a process that has imported it already."""
    output = log.open("wb")
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    os.environ.update(own)  # noqa: TID251  a child's own
    logging.getLogger().handlers.clear()
    sys.exit(main())


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The API's process on that folder, which is ended at the end if it has not been."""
    port, log = free_port(), folder / "log"
    process = FORKS.Process(target=serve, args=(log, variables(folder / "home", port)))
    process.start()

    def wait(seconds: float) -> int | None:
        process.join(seconds)
        return process.exitcode

    try:
        _wait_until_served(port, log, process.is_alive)
        yield Served(process.pid or 0, port, log, wait)
    finally:
        process.kill()
        process.join()


@contextmanager
def serving_by_itself(folder: Path) -> Iterator[Served]:
    """The same, begun as a person would."""
    port, log = free_port(), folder / "log"
    environment = os.environ | variables(folder / "home", port)  # noqa: TID251  and ours
    with log.open("wb") as output:
        process = subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait_until_served(port, log, lambda: process.poll() is None)
        yield Served(process.pid, port, log, process.wait)
    finally:
        process.kill()
        process.wait()


def _wait_until_served(port: int, log: Path, lives: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/live")
        except httpx.TransportError:
            assert lives(), log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def owned(tmp_path: Path) -> Path:
    """A folder whose home has the owner ayse@example.com."""
    house = House(Settings(home=private_dir(tmp_path / "home")))
    house.set_up()
    keys = SigningKeys(house.access)
    people = People(house.access, keys, Authenticator(house.access, keys, Changes(house.engine)))
    people.owner(people.tenant())
    house.close()
    return tmp_path


def test_it_loads_nothing_that_only_flows_need() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    names = set(loaded.stdout.split())
    assert "fastapi" in names
    assert not names.intersection(HEAVY)


@pytest.mark.parametrize(
    ("begin", "how"), [(serving_by_itself, signal.SIGTERM), (serving, signal.SIGINT)], ids=["SIGTERM", "SIGINT"]
)
def test_it_ends_when_it_is_asked_to(tmp_path: Path, begin: Any, how: signal.Signals) -> None:
    with begin(tmp_path) as served, httpx.Client() as idle:
        idle.get(f"http://127.0.0.1:{served.port}/health/live")
        assert served.memory() < 250 * 1024**2 or begin is serving, "which has more in it"
        assert served.end(how) == 0
        assert "Traceback" not in served.log.read_text()


def test_what_is_under_way_is_finished_and_nothing_new_begun(owned: Path) -> None:
    with serving(owned) as served, wire(served.port) as under_way, wire(served.port) as idle:
        body = str(httpx.QueryParams({"username": "ayse@example.com", "password": PASSWORD})).encode()
        under_way.send(
            b"POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:20]
        )
        idle.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.reply() is not None
        os.kill(served.pid, signal.SIGTERM)
        assert idle.ends_within(END_SECONDS)
        with pytest.raises(ConnectionError):
            ask(served.port, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        under_way.send(body[20:])
        reply = under_way.reply()
        assert reply is not None
        assert reply.status == 200
        assert b"access_token" in reply.body
        assert served.wait(END_SECONDS) == 0


def test_what_is_wrong_is_told_in_a_sentence(tmp_path: Path) -> None:
    private_dir(tmp_path / "unusable" / "store.sqlite")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cases = (
            (variables(tmp_path / "unusable", free_port()), "cannot be used"),
            (variables(tmp_path / "home", free_port(), MESCHAIN_API__TRUSTED_PROXIES="nginx"), "TRUSTED_PROXIES"),
            (variables(tmp_path / "home", taken.getsockname()[1]), "address already in use"),
        )
        for own, said in cases:
            process = FORKS.Process(target=serve, args=(tmp_path / "log", own))
            process.start()
            process.join(START_SECONDS)
            assert process.exitcode in {1, 3}
            told = (tmp_path / "log").read_text()
            assert said in told
            assert "Traceback" not in told


def test_whatever_is_sent_its_memory_stays_and_its_log_keeps_secrets(owned: Path) -> None:
    with serving(owned) as served:
        base = f"http://127.0.0.1:{served.port}"
        form = {"username": "ayse@example.com", "password": PASSWORD}
        tokens = httpx.post(f"{base}/v1/auth/token", data=form).json()
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        before = served.memory()
        threads = [threading.Thread(target=_pour, args=(served.port, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(60):
            httpx.get(f"{base}/v1/audit/entries?limit=200&actor={number}", headers=bearer)
        assert httpx.get(f"{base}/v1/me", headers=bearer).status_code == 200
        print(f"{before / 1024**2:.0f} MB, then {served.memory() / 1024**2:.0f} MB")
        assert served.memory() - before < 60 * 1024**2
        assert served.end() == 0
        said = served.log.read_text()
        for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"], "ayse@example.com"):
            assert secret not in said


def _pour(port: int, number: int) -> None:
    """Send what has no end, in one of several ways."""
    chunked = b"POST /v1/auth/token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    heads = (b"GET /health/live HTTP/1.1\r\nx-long: ", chunked)
    filler = (b"a" * 65536, b"10000\r\n" + b"a" * 65536 + b"\r\n")
    with wire(port) as endless:
        try:
            endless.send(heads[number % 2])
            for _ in range(300):
                endless.send(filler[number % 2])
        except ConnectionError:
            pass
