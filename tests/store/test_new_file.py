"""A new file is its owner's alone, whole or not there, and never in the place of another."""

import os
import signal
from pathlib import Path
from stat import S_IMODE

import pytest

from commerce.errors import Permanent, Refused
from meschain.store.new_file import new_file
from tests.processes import FORKS


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_there_whole_for_its_owner_alone(tmp_path):
    with new_file(tmp_path / "person.json") as file:
        file.write(b"{}")
        assert not (tmp_path / "person.json").exists()
    assert names(tmp_path) == ["person.json"]
    assert S_IMODE((tmp_path / "person.json").stat().st_mode) == 0o600
    assert (tmp_path / "person.json").read_bytes() == b"{}"


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "person.json") as file:
        file.writelines(b"%d" % (10 // left) for left in (2, 1, 0))
    assert names(tmp_path) == []


def test_what_is_there_stays_and_only_one_writes(tmp_path):
    (tmp_path / "there").write_text("before")
    with pytest.raises(Refused, match="there already"), new_file(tmp_path / "there"):
        raise AssertionError("not to be reached")
    with new_file(tmp_path / "new") as file:
        with pytest.raises(Refused, match="somebody else"), new_file(tmp_path / "new"):
            raise AssertionError("not to be reached")
        file.write(b"whole")
    assert names(tmp_path) == ["new", "there"]
    assert (tmp_path / "there").read_text() == "before"
    assert (tmp_path / "new").read_bytes() == b"whole"


def test_nothing_that_others_prepared_is_written_to(tmp_path):
    (tmp_path / "victim").write_text("before")
    (tmp_path / ".linked.part").symlink_to(tmp_path / "victim")
    with pytest.raises(Permanent, match="choose another place"), new_file(tmp_path / "linked"):
        raise AssertionError("not to be reached")
    os.link(tmp_path / "victim", tmp_path / ".twice.part")
    with pytest.raises(Refused, match="somebody else"), new_file(tmp_path / "twice"):
        raise AssertionError("not to be reached")
    assert (tmp_path / "victim").read_text() == "before"
    (tmp_path / ".open.part").touch(0o666)
    (tmp_path / ".open.part").chmod(0o666)
    with new_file(tmp_path / "open") as file:
        file.write(b"for me")
    assert S_IMODE((tmp_path / "open").stat().st_mode) == 0o600


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    with pytest.raises(Permanent, match="choose another place"), new_file(tmp_path / "no-folder" / "file"):
        raise AssertionError("not to be reached")


def _die_writing(path: Path) -> None:
    with new_file(path) as file:
        file.write(b"x" * 100_000)
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_gone_with_the_next_one(tmp_path):
    process = FORKS.Process(target=_die_writing, args=(tmp_path / "person.json",))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert names(tmp_path) == [".person.json.part"]
    with new_file(tmp_path / "person.json") as file:
        file.write(b"{}")
    assert names(tmp_path) == ["person.json"]
    assert (tmp_path / "person.json").read_bytes() == b"{}"
