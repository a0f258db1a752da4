"""Fixtures every room's tests may ask for: the data folder, the settings, the store on both databases, real data."""

import os
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from meschain.settings import PREFIX, Settings, private_dir
from meschain.store.engine import open_engine
from meschain.store.ids import new_id
from meschain.store.schema import upgrade
from tests import narrowing  # noqa: F401  looks at every statement
from tests.homes import furnish
from tests.postgres import fresh_database, running_postgres

STORES = ("sqlite", "postgresql")
ON_PREFECT = ("tests/flows/", "tests/runs/", "tests/cli/test_flow.py")
LONG = ("acceptance", "browser")
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

hypothesis.settings.register_profile("reduced", deadline=None, max_examples=30)  # a busy machine is no failure
hypothesis.settings.register_profile("full-size", deadline=None, max_examples=200)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-size", action="store_true", help="run fault and volume tests at the size the issues name")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """A file's tests run in one process; all that need the Prefect server in the same one: it is started once."""

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "prefect" if nodeid.startswith(ON_PREFECT) else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that take long come first: at the end no process waits for the one that has them.

    A test in reduced size runs on one of its databases, the same for all of a file; the seed says on which.
    """
    if not config.getoption("--full-size"):
        kept = _on_one_database(items, config.getoption("randomly_seed"))
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    marked = {item.path for item in items if any(map(item.get_closest_marker, LONG))}
    long = marked | {item.path for item in items if item.nodeid.startswith(ON_PREFECT)}
    items.sort(key=lambda item: item.path not in long)


def _on_one_database(items: list[pytest.Item], seed: int) -> set[pytest.Item]:
    kept, choices = set[pytest.Item](), defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.get_closest_marker("acceptance"):
            choices[re.sub("|".join(STORES), "*", item.nodeid)].append(item)
        else:
            kept.add(item)
    for same in choices.values():
        kept.add(random.Random(f"{seed} {same[0].path.name}").choice(sorted(same, key=lambda item: item.nodeid)))
    return kept


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # xdist's own order: files of many tests first
    hypothesis.settings.load_profile("full-size" if config.getoption("--full-size") else "reduced")


@pytest.fixture(scope="session")
def full_size(pytestconfig: pytest.Config) -> bool:
    """Whether fault and volume tests run at full size."""
    return bool(pytestconfig.getoption("--full-size"))


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):  # noqa: TID251 a test must not see the settings of whoever runs it
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real feeds with known sums."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real feeds are not on this machine (expected in ../shared/data beside the project)")
    return SHARED_DATA


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    return private_dir(tmp_path / "home")


@pytest.fixture(scope="session")
def furnished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the store's tables, the tenant `default` and its empty lake; to be copied, never used."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    furnish(home)
    return home


@pytest.fixture
def settings(home: Path) -> Settings:
    """Default settings on `home`: everything in SQLite and local files."""
    return Settings(home=home)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running PostgreSQL server: the URL of its database `postgres`. One per test process."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database of the test's own."""
    with fresh_database(postgres_url, f"test_{new_id()}") as url:
        yield url


@pytest.fixture(params=STORES)
def blank_store_url(request: pytest.FixtureRequest, home: Path) -> str:
    """URL of a store without tables, on either database; on SQLite it is the one `settings` names."""
    if request.param == "sqlite":
        return f"sqlite:///{home / 'store.sqlite'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """URL of a store with its tables and no rows, on either database; on SQLite it is the one `settings` names."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        yield f"sqlite:///{home / 'store.sqlite'}"
        return
    server = str(request.getfixturevalue("postgres_url"))
    with fresh_database(server, f"test_{new_id()}", template=request.getfixturevalue("_postgres_template")) as url:
        yield url


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """The open store of `store_url`."""
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite-template")
    _set_up(f"sqlite:///{folder / 'store.sqlite'}", folder)
    return folder / "store.sqlite"


@pytest.fixture(scope="session")
def _postgres_template(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(postgres_url, "store_template") as url:
        _set_up(url, tmp_path_factory.mktemp("postgres-template"))
        yield "store_template"


def _set_up(url: str, locks_dir: Path) -> None:
    engine = open_engine(url)
    upgrade(engine, locks_dir)
    engine.dispose()
