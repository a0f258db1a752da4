"""A shop of the test's own, in a copy of the furnished home."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog.shop import Shop, open_shop
from tests.homes import TENANT


@pytest.fixture
def shop_home(furnished_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(furnished_home, tmp_path / "home"))


@pytest.fixture
def shop(shop_home: Path, tmp_path: Path) -> Iterator[Shop]:
    """An empty shop."""
    with open_shop(shop_home, TENANT, tmp_path) as opened:
        yield opened
