"""Installations of the test's own, on either database: copies of two that are made once per test process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from meschain.operations.backup import back_up
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.conftest import STORES
from tests.homes import furnish
from tests.operations.estates import TENANTS, fill, opened, operations_of, settings_of
from tests.postgres import fresh_database

_TEMPLATE = "estate_template"


@pytest.fixture(scope="session")
def _sqlite_estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite-estate")
    for tenant in TENANTS:
        furnish(folder / "home", tenant)
    with opened(settings_of(folder / "home")) as house:
        fill(house, folder)
    return folder / "home"


@pytest.fixture(scope="session")
def _postgres_estate(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("postgres-estate")
    with fresh_database(postgres_url, _TEMPLATE) as url:
        with opened(settings_of(folder / "home", url)) as house:
            fill(house, folder)
        yield folder / "home"


@pytest.fixture(scope="session")
def _estate_backup(_sqlite_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate-backup")
    with opened(settings_of(Path(shutil.copytree(_sqlite_estate, folder / "home")))) as house:
        back_up(operations_of(house), folder / "backup", with_raw=True)
    return folder / "backup"


@pytest.fixture
def estate_backup(_estate_backup: Path, tmp_path: Path) -> Path:
    """A backup of the installation on SQLite, the test's own."""
    return Path(shutil.copytree(_estate_backup, tmp_path / "backup"))


@pytest.fixture(params=STORES)
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """An installation with two tenants that is the test's own, on either database."""
    if request.param == "sqlite":
        yield settings_of(Path(shutil.copytree(request.getfixturevalue("_sqlite_estate"), tmp_path / "home")))
        return
    home = Path(shutil.copytree(request.getfixturevalue("_postgres_estate"), tmp_path / "home"))
    with fresh_database(request.getfixturevalue("postgres_url"), f"test_{new_id()}", template=_TEMPLATE) as url:
        yield settings_of(home, url)


@pytest.fixture
def local_estate(_sqlite_estate: Path, tmp_path: Path) -> Settings:
    """The same on SQLite alone."""
    return settings_of(Path(shutil.copytree(_sqlite_estate, tmp_path / "home")))


@pytest.fixture
def house(estate: Settings) -> Iterator[House]:
    """The installation, opened."""
    with opened(estate) as house:
        yield house


@pytest.fixture
def local_house(local_estate: Settings) -> Iterator[House]:
    """The one on SQLite, opened."""
    with opened(local_estate) as house:
        yield house


@pytest.fixture(params=STORES)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation of which nothing is there yet, on either database."""
    database = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))
    return settings_of(tmp_path / "elsewhere", database)
