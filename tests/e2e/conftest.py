"""One shop for the real feeds: each is a supplier of its own."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from meschain.settings import private_dir
from tests.catalog.shop import Shop, open_shop


@pytest.fixture(scope="module")
def bazaar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose tenant names no currency."""
    folder = tmp_path_factory.mktemp("bazaar")
    with open_shop(private_dir(folder / "home"), "bazaar", folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def euro_bazaar(bazaar: Shop) -> Shop:
    """The same shop once its tenant has a currency."""
    opened = Shop.__new__(Shop)
    opened.__dict__.update(bazaar.__dict__, catalog=replace(bazaar.catalog, currency="EUR"))
    return opened
