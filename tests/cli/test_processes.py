"""The command as a process of its own: its streams, and that nothing is written outside its home."""

from pathlib import Path

import pytest

from tests.catalog.shop import as_csv, goods
from tests.cli.command import start


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.fixture
def around(tmp_path: Path) -> dict[str, Path]:
    """A user's folder, a working folder with a feed, and a folder for temporary files."""
    folders = {name: tmp_path / name for name in ("user", "work", "tmp")}
    for folder in folders.values():
        folder.mkdir()
    (folders["work"] / "feed.csv").write_text(as_csv(goods(40)), encoding="utf-8")
    return folders


def test_nothing_is_written_outside_home(around: dict[str, Path], tmp_path: Path) -> None:
    before = [_tree(folder) for folder in around.values()]
    home = tmp_path / "home"
    environment = {"HOME": str(around["user"]), "TMPDIR": str(around["tmp"]), "MESCHAIN_HOME": str(home)}
    answer = start(
        ["catalog", "import", "feed.csv", "--supplier", "acme", "--json"], cwd=around["work"], environment=environment
    )
    assert (answer.code, answer.err) == (0, "")
    assert answer.json()["new"] == 40
    assert [_tree(folder) for folder in around.values()] == before
    assert (home / "store.sqlite").is_file()
    readable_by_others = [path for path in (home, *home.iterdir()) if path.is_dir() and path.stat().st_mode & 0o077]
    assert readable_by_others == []


def test_home_is_a_folder_of_the_working_folder_unless_it_is_set(around: dict[str, Path]) -> None:
    environment = {"HOME": str(around["user"]), "TMPDIR": str(around["tmp"])}
    before = [_tree(around["user"]), _tree(around["tmp"])]
    answer = start(["supplier", "add", "acme"], cwd=around["work"], environment=environment)
    assert (answer.code, answer.err) == (0, "")
    assert {path.name for path in around["work"].iterdir()} == {"feed.csv", ".meschain"}
    assert [_tree(around["user"]), _tree(around["tmp"])] == before


def test_an_error_of_a_process_goes_to_standard_error_alone(around: dict[str, Path], tmp_path: Path) -> None:
    environment = {"HOME": str(around["user"]), "MESCHAIN_HOME": str(tmp_path / "home")}
    answer = start(["catalog", "import", "gone.csv", "--supplier", "acme"], cwd=around["work"], environment=environment)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Error: gone.csv: no such file")
    assert "\x1b" not in answer.err
