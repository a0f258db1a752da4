"""The command on a home of the test's own: a copy of the furnished one, or none."""

import shutil
from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def meschain(
    furnished_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command on a furnished home, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return Command(Path(shutil.copytree(furnished_home, tmp_path / "home")), monkeypatch, capsys)


@pytest.fixture
def fresh_meschain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on a machine that has never seen it."""
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path / "new-home", monkeypatch, capsys)
