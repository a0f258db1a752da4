"""A shop of the test's own, in a copy of the furnished home; a market, one for all tests of a file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.settings import private_dir
from meschain.store.ids import new_id
from tests.catalog.market import Market, open_market
from tests.catalog.shop import Shop, open_shop
from tests.conftest import STORES
from tests.homes import TENANT
from tests.postgres import fresh_database


@pytest.fixture
def shop_home(furnished_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(furnished_home, tmp_path / "home"))


@pytest.fixture
def shop(shop_home: Path, tmp_path: Path) -> Iterator[Shop]:
    """An empty shop."""
    with open_shop(shop_home, TENANT, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=STORES)
def market(
    request: pytest.FixtureRequest, furnished_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """A market on either database, one of each for all tests of a file."""
    folder = tmp_path_factory.mktemp("market")
    home = private_dir(folder / "home")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        with open_market(furnished_home, home, folder, "") as opened:
            yield opened
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    with (
        fresh_database(server, f"test_{new_id()}", template=template) as url,
        open_market(furnished_home, home, folder, url) as opened,
    ):
        yield opened
