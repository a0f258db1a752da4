"""A shop of the test's own: a copy of one home in which store and lake have been made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.settings import private_dir
from tests.catalog.shop import Shop, open_shop

TENANT = "shop"


@pytest.fixture(scope="session")
def furnished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the store's tables, a tenant and its empty lake; to be copied, never used."""
    home = private_dir(tmp_path_factory.mktemp("furnished") / "home")
    with open_shop(home, TENANT, home):
        pass
    return home


@pytest.fixture
def shop_home(furnished_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(furnished_home, tmp_path / "home"))


@pytest.fixture
def shop(shop_home: Path, tmp_path: Path) -> Iterator[Shop]:
    """An empty shop."""
    with open_shop(shop_home, TENANT, tmp_path) as opened:
        yield opened
