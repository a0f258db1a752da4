"""Flows run in this process, on a real Prefect server, with a real store and lake in a home of the test's own."""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from meschain.catalog.suppliers import add_supplier, get_supplier
from meschain.catalog.sync import sync_source
from meschain.settings import variable_of
from meschain.wiring import House
from tests.homes import furnish
from tests.prefect_server import SETTINGS, running_server

HEADINGS = "stok_kodu;urun_adi;marka;barkod;fiyat;para_birimi;stok"


class Shop:
    """A tenant with suppliers whose feeds are files."""

    def __init__(self, folder: Path) -> None:
        self.house = House()
        self.catalog = self.house.catalog(self.house.tenant("acme"))
        self._folder = folder

    def write(self, supplier: str, prices: Iterable[str], *, add: bool = True) -> Path:
        """Write the supplier's feed, an offer for each price; make the supplier unless not to `add` it."""
        path = self._folder / f"{supplier}.csv"
        rows = [f"{supplier}-{n};Ürün {n};Marka;;{price};TRY;{n}" for n, price in enumerate(prices)]
        path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
        if add:
            source = {"kind": "file", "paths": [str(path)], "settle_seconds": 0}
            add_supplier(self.catalog, supplier, source=source, every_minutes=15)
        return path

    def sync(self, supplier: str) -> None:
        """Bring the supplier's feed in, without a flow."""
        sync_source(self.catalog, get_supplier(self.catalog, supplier), lambda _: None)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the tenant's lake."""
        with self.catalog.lake.connect(read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    running_server()
    from prefect.settings import (  # noqa: PLC0415  after its settings, see tests.prefect_server
        PREFECT_API_URL,
        PREFECT_LOGGING_TO_API_ENABLED,
        temporary_settings,
    )

    with temporary_settings({PREFECT_API_URL: SETTINGS.prefect_url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield


@pytest.fixture(scope="session")
def acme_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the tenant `acme` and its empty lake; to be copied, never used."""
    home = tmp_path_factory.mktemp("acme") / "home"
    furnish(home, "acme")
    return home


@pytest.fixture
def shop(acme_home: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop without suppliers, in the home that this process's settings name."""
    shutil.copytree(acme_home, home, dirs_exist_ok=True)
    monkeypatch.setenv(variable_of("home"), str(home))
    monkeypatch.setenv(variable_of("prefect", "runs_at_once"), "2")
    shop = Shop(tmp_path)
    yield shop
    shop.house.close()


@pytest.fixture
def run():
    """Runs a flow and gives its last state."""

    def ran(flow, *arguments, **options):
        return asyncio.run(flow(*arguments, **options, return_state=True))

    return ran


@pytest.fixture
def artifacts():
    """The data of the newest artifact of a key."""
    from prefect import get_client  # noqa: PLC0415  as above
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey  # noqa: PLC0415  after the settings
    from prefect.client.schemas.sorting import ArtifactSort  # noqa: PLC0415  after the settings

    async def newest(key: str) -> str:
        chosen = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        async with get_client() as client:
            found = await client.read_artifacts(artifact_filter=chosen, sort=ArtifactSort.CREATED_DESC, limit=1)
        return str(found[0].data)

    return lambda key: asyncio.run(newest(key))
