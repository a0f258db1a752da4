"""A disk that runs full at any step: one clear sentence, nothing changed, and all is well once there is room."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import children, scenes, states
from tests.faults.scenes import Act, Stage

pytestmark = pytest.mark.acceptance

MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds 64 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}; see the test with a limit instead")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_changes_nothing_and_says_so(small_disk: Path, full_size: bool) -> None:
    stage = Stage(small_disk, rows=4_000 if full_size else 1_000, seed=7)
    act = scenes.rehearse(stage, scenes.sync(stage))
    ballast = small_disk / "ballast"
    rooms = [room * 64 << 10 for room in (range(80) if full_size else (0, 2, 8, 24))]
    stopped = [_stopped(act, small_disk, ballast, room) for room in rooms]
    assert any(stopped), "there was always room enough"
    print(f"\n{sum(stopped)} of {len(rooms)} syncs with up to {rooms[-1] / MEBIBYTE:.1f} MiB of room were stopped")


def _stopped(act: Act, disk: Path, ballast: Path, room: int) -> bool:
    """Do the act with so many bytes of room, and again with all there is; whether the first was stopped."""
    act.stage.put_back()
    _fill(disk, ballast, room)
    ended = children.run(act.stage.settings, *act.argv)
    ballast.unlink()
    if ended.code != act.code:
        _check(act, ended)
    return ended.code != act.code


def _fill(disk: Path, ballast: Path, room: int) -> None:
    free = shutil.disk_usage(disk).free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - room, 1))


@pytest.mark.parametrize("limit", [16 << 10, 128 << 10])
def test_a_file_that_may_not_grow_is_like_a_full_disk(tmp_path: Path, limit: int) -> None:
    stage = Stage(tmp_path, rows=2_000, seed=7)
    act = scenes.rehearse(stage, scenes.sync(stage))
    ended = children.run(stage.settings, *act.argv, file_limit=limit)
    assert ended.code == 1
    _check(act, ended)


def _check(act: Act, ended: children.Ended) -> None:
    """The failure is told in one sentence, the lake is as it was, and the same command does it all afterwards."""
    assert ended.code == 1, ended.err
    assert "Traceback" not in ended.err
    assert re.search("room|full|space|too large", ended.err), ended.err
    with states.opened(act.stage.settings) as (_, lake):
        assert states.look(lake, act.since) == act.before
    again = children.run(act.stage.settings, *act.argv)
    assert again.code == act.code, again.err
    with states.opened(act.stage.settings) as (house, lake):
        assert states.look(lake, act.since) == act.after
        states.check_runs(house, lake)
        assert not states.leftovers(act.stage.settings, house)
