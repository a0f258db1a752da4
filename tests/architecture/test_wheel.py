"""The built package holds everything the rooms need at run time, and nothing beside."""

import subprocess
import sys
import zipfile

import pytest

from tests.architecture.house import ROOMS, ROOT, files


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Names of the files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_it_holds_every_file_of_the_rooms(packed):
    assert packed == {path.relative_to(ROOT).as_posix() for path in files(ROOT, *ROOMS)}
