"""The API for a file's tests: on SQLite, and on either database where it matters; an owner; a process of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from meschain.settings import Settings, private_dir
from meschain.store.ids import new_id
from tests.conftest import STORES
from tests.postgres import fresh_database
from tests.web.rivals import Installation, furnish
from tests.web.stage import Stage, staged

EMAIL = "ayse@example.com"


@dataclass
class Owner:
    """The first owner of the tenant `acme`."""

    tenant_id: str
    user_id: str
    token: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Stage]:
    """The API on SQLite, one for all tests of a file; without limits on how often one may ask."""
    home = private_dir(tmp_path_factory.mktemp("web") / "home")
    shutil.copy(_sqlite_template, home / "store.sqlite")
    with staged(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def owner(stage: Stage) -> Owner:
    """The owner of `acme` on that stage."""
    return owner_of(stage)


@pytest.fixture(scope="module", params=STORES)
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The API on either database, one of each for all tests of a file."""
    home = private_dir(tmp_path_factory.mktemp("web") / "home")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        with staged(home) as opened:
            yield opened
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    with fresh_database(server, f"test_{new_id()}", template=template) as url, staged(home, url) as opened:
        yield opened


@pytest.fixture(scope="session", params=STORES)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two furnished tenants on either database."""
    folder = tmp_path_factory.mktemp("rivals")
    home = private_dir(folder / "home")
    groups: dict[str, Any] = {"lake": {"threads": 1}}
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), home / "store.sqlite")
        furnish(Settings.model_validate({"home": home, **groups}), folder)
        yield Installation(folder, "", "", count())
        return
    server, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("_postgres_template")
    name = f"rivals_{new_id()}"
    with fresh_database(server, name, template=template) as url:
        furnish(Settings.model_validate({"home": home, "store": {"url": url}, **groups}), folder)
        yield Installation(folder, server, name, count())


def owner_of(stage: Stage, slug: str = "acme", email: str = EMAIL) -> Owner:
    """A new tenant's first owner, logged in."""
    tenant_id = stage.people.tenant(slug)
    user_id = stage.people.owner(tenant_id, email)
    return Owner(tenant_id, user_id, stage.token(email))
