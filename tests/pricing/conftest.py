"""A stall of the test's own, in a copy of the furnished home."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import TENANT
from tests.pricing.stall import Stall, open_stall


@pytest.fixture
def stall(furnished_home: Path, tmp_path: Path) -> Iterator[Stall]:
    """A tenant that sells nothing yet."""
    with open_stall(Path(shutil.copytree(furnished_home, tmp_path / "home")), TENANT) as opened:
        yield opened
