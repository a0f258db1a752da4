"""Channels of one tenant, on a store of the test's own; a market behind the API. Both on either database."""

import shutil
from collections.abc import Iterator

import pytest

from meschain.channels.context import Channels
from meschain.settings import Settings, private_dir
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.channels.market import ROLES, Market
from tests.conftest import STORES
from tests.postgres import fresh_database
from tests.web.stage import Stage, staged


@pytest.fixture
def house(settings: Settings, store_url: str) -> Iterator[House]:
    """An installation without tenants."""
    opened = House(Settings.model_validate({"home": settings.home, "store": {"url": store_url}}))
    yield opened
    opened.close()


@pytest.fixture
def channels(house: House) -> Channels:
    """The channels of the tenant `acme`: none yet."""
    return house.channels(house.tenant("acme", create=True))


@pytest.fixture(scope="module", params=STORES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The API on either database, one of each for all tests of a file."""
    home = private_dir(tmp_path_factory.mktemp("channels") / "home")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        with staged(home) as opened:
            yield opened
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    with fresh_database(server, f"test_{new_id()}", template=template) as url, staged(home, url) as opened:
        yield opened


@pytest.fixture
def market(stage: Stage) -> Market:
    """Two tenants of the test's own, without channels."""
    ours, theirs = (stage.people.tenant(f"{slug}-{new_id()[-12:]}") for slug in ("ours", "theirs"))
    keys = {caller: stage.key(ours, role) for caller, role in ROLES.items()}
    return Market(stage, {**keys, "rival": stage.key(theirs, "owner")})
