"""A tenant's pricing on either database with a lake of its own; a stall that sells; the central banks on loopback."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from meschain.audit.tables import Entry
from meschain.pricing.context import Pricing
from meschain.settings import Settings, private_dir
from meschain.store.ids import new_id
from meschain.store.session import reading
from meschain.wiring import House
from tests.catalog.market import Market, open_market
from tests.conftest import STORES
from tests.homes import TENANT
from tests.postgres import fresh_database
from tests.pricing.bank import Banks, open_banks
from tests.pricing.stall import Stall, open_stall
from tests.pricing.trade import Trade, open_trade


@dataclass
class Desk:
    """One tenant's pricing, and short words for what the tests look at."""

    house: House
    pricing: Pricing

    def other(self, slug: str = "other") -> Pricing:
        """Another tenant's."""
        return self.house.pricing(self.house.tenant(slug, create=True))

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the tenant's lake."""
        with self.pricing.lake.connect(read_only=True) as connection:
            return connection.execute(query, values).fetchall()

    def acts(self, about: str = "pricing:") -> list[tuple[str, str]]:
        """What the log says: tags and targets, the oldest first."""
        with reading(self.pricing.engine) as session:
            rows = session.scalars(select(Entry).where(Entry.tag.startswith(about)).order_by(Entry.index))
            return [(row.tag, row.target) for row in rows]


@pytest.fixture
def desk(store_url: str, furnished_home: Path, home: Path) -> Iterator[Desk]:
    """The desk of the tenant `default`."""
    ignored = shutil.ignore_patterns("store.sqlite*", "vault.key")
    shutil.copytree(furnished_home, home, dirs_exist_ok=True, ignore=ignored)
    house = House(Settings.model_validate({"home": home, "store": {"url": store_url}, "lake": {"threads": 1}}))
    house.set_up()
    yield Desk(house, house.pricing(house.tenant(TENANT, create=True)))
    house.close()


@pytest.fixture
def banks() -> Iterator[Banks]:
    """The banks, which have published nothing yet."""
    with open_banks() as opened:
        yield opened


@pytest.fixture
def stall(furnished_home: Path, tmp_path: Path) -> Iterator[Stall]:
    """A tenant that sells nothing yet."""
    with open_stall(Path(shutil.copytree(furnished_home, tmp_path / "stall")), TENANT) as opened:
        yield opened


@pytest.fixture(scope="module", params=STORES)
def market(
    request: pytest.FixtureRequest, furnished_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """Two tenants behind the API on either database, one of each for all tests of a file."""
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


@pytest.fixture(scope="module")
def trade(market: Market) -> Iterator[Trade]:
    """The first tenant's channels behind the API, one for all tests of a file."""
    with open_trade(market) as opened:
        yield opened
