"""Runs `meschain` in this process, as a shell would: arguments in, exit code and the two streams out."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meschain import cli

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on standard output; fails if there is anything else."""
        return json.loads(self.out)


class Command:
    """The `meschain` command of one home."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        """Run it and wait for its end."""
        self._monkeypatch.setenv("MESCHAIN_HOME", str(self.home))
        self._monkeypatch.setattr(sys, "argv", ["meschain", *map(str, arguments)])
        self._capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        printed = self._capsys.readouterr()
        return Answer(int(code or 0), printed.out, printed.err)  # type: ignore[call-overload]  # typer gives numbers


def start(arguments: list[str], *, cwd: Path, environment: Mapping[str, str]) -> Answer:
    """Run `meschain` as a process of its own with just this environment (and the path)."""
    command = [str(Path(sys.executable).with_name("meschain")), *arguments]
    given = {"PATH": os.environ["PATH"], **environment}  # noqa: TID251  a child needs a path
    ended = subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True, check=False, timeout=300)
    return Answer(ended.returncode, ended.stdout, ended.stderr)
