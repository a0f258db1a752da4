"""The command on a home of the test's own, in which store, tenant and lake have been made once."""

import shutil
from pathlib import Path

import pytest

from meschain.settings import private_dir
from tests.catalog.shop import open_shop
from tests.cli.command import Command


@pytest.fixture(scope="session")
def default_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the tenant `default` and its empty lake; to be copied, never used."""
    home = private_dir(tmp_path_factory.mktemp("default") / "home")
    with open_shop(home, "default", home):
        pass
    return home


@pytest.fixture
def meschain(
    default_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command on a furnished home, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return Command(Path(shutil.copytree(default_home, tmp_path / "home")), monkeypatch, capsys)


@pytest.fixture
def fresh_meschain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command on a machine that has never seen it."""
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path / "new-home", monkeypatch, capsys)
