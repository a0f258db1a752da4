"""A tenant that sells, for a file's tests of the pages of prices."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.console.market import Market, open_market
from tests.web.console.surfer import Surfer


@pytest.fixture(scope="module")
def market(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The market, one for all tests of a file."""
    with open_market(furnished_home, tmp_path_factory.mktemp("market")) as opened:
        yield opened


@pytest.fixture(scope="module")
def surfer(market: Market) -> Surfer:
    """Its owner, logged in, who reads English."""
    return market.surfer()
