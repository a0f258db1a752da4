"""`meschain up` as a process of its own, and short words to wait for what it does."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from meschain.runs.service import live_runners
from meschain.runs.tables import Runner
from meschain.settings import Settings
from meschain.wiring import House
from tests.cli.command import PROJECT
from tests.web.wire import free_port

PATIENCE = 120.0


class Up:
    """`meschain up` in a process of its own."""

    def __init__(self, home: Path, **groups: Any) -> None:
        self.settings = Settings.model_validate(
            {"home": home, "prefect": {"port": free_port()}, "api": {"port": free_port()}, **groups}
        )
        self.house = House(self.settings)
        self._said = home.parent / "said"
        command = [str(Path(sys.executable).with_name("meschain")), "up"]
        environment = self.settings.child_environment() | {"TMPDIR": str(home.parent)}
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=said, stderr=said)

    def said(self) -> str:
        return self._said.read_text()

    def child(self, module: str) -> int:
        """The process of the child that runs that module; 0 if there is none."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                command = (folder / "cmdline").read_text().split("\0")
            except OSError:  # it has just ended
                continue
            if int(parent) == self.process.pid and module in command[1:]:
                return int(folder.name)
        return 0

    def runners(self) -> list[Runner]:
        return live_runners(self.house.engine)

    def until(self, holds: Callable[[], object]) -> None:
        begun = time.monotonic()
        while not holds():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - begun < PATIENCE, self.said()
            time.sleep(0.1)

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(f"{self.settings.api_url}{path}").status_code == 200
        except httpx.TransportError:
            return False
