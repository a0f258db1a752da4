"""A process that was asked to end does end, whatever still hangs in it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.web.wire import ask, free_port, wire

ROOT = Path(__file__).resolve().parents[2]
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
HANGING = """
import sys, time
from fastapi import APIRouter
from meschain.web import __main__, app

router = APIRouter()
app.OPEN += (router,)
__main__.GRACE_SECONDS, __main__.LAST_SECONDS = 1, 2
router.get("/hang")(lambda: time.sleep(300))
sys.exit(__main__.main())
"""
"""The process with a route whose thread comes to no end, and with little patience."""
START_SECONDS = 60.0


def test_a_thread_that_waits_for_ever_does_not_keep_the_process(tmp_path: Path) -> None:
    port = free_port()
    own = {"MESCHAIN_HOME": str(tmp_path / "home"), "MESCHAIN_API__PORT": str(port)}
    environment = {**os.environ, **own}  # noqa: TID251  a child's own
    with subprocess.Popen([sys.executable, "-c", HANGING], cwd=ROOT, env=environment) as process:
        try:
            _await(port, process)
            with wire(port) as hanging:
                hanging.send(LIVE.replace(b"/health/live", b"/v1/hang"))
                assert ask(port, LIVE) is not None  # nobody else waits for it
                begun = time.monotonic()
                process.terminate()
                assert process.wait(20) == -signal.SIGALRM
                assert 1 < time.monotonic() - begun < 10
        finally:
            process.kill()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask(port, LIVE)
        except ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("it did not start")
