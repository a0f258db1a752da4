"""A disk that runs full at any step: one clear sentence, nothing changed, and all is well once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.settings import Settings, private_dir
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
