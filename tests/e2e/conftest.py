"""One shop for the real feeds: each is a supplier of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.catalog.shop import Shop, open_shop
from tests.homes import TENANT


@pytest.fixture(scope="module")
def bazaar(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose tenant names no currency."""
    folder = tmp_path_factory.mktemp("bazaar")
    with open_shop(Path(shutil.copytree(furnished_home, folder / "home")), TENANT, folder, threads=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def euro_bazaar(bazaar: Shop) -> Shop:
    """The same shop once its tenant has a currency."""
    opened = Shop.__new__(Shop)
    opened.__dict__.update(bazaar.__dict__, catalog=replace(bazaar.catalog, currency="EUR"))
    return opened
