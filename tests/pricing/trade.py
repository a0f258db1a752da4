"""A tenant that sells, behind the API, with callers who may do something on one channel only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx

from meschain.access.grants import GivenRole
from meschain.pricing.context import Pricing
from meschain.store.base import utc_now
from meschain.wiring import House
from tests.catalog.market import OURS, THEIRS, Market
from tests.pricing.stall import Stall
from tests.web.stage import check_problem

D = Decimal
WORKED = {"supplier_sku": "A1", "title": "Araba", "cost": D(300), "list_price": D(600)}
LOSING = {"supplier_sku": "L/1", "title": "Top", "cost": D(300), "list_price": D(400)}
LIST = {"name": "list", "price": {"kind": "list_price"}}


@dataclass
class Trade:
    """Sells on `trendyol` and `shop` in liras, on `abroad` in euros.

    Callers beside the market's: `trendyol` may do everything there, `looker` may look there, `outsider` sells nothing.
    """

    market: Market
    stall: Stall

    def ask(self, method: str, path: str, caller: str = "owner", **more: Any) -> httpx.Response:
        """An answer to a caller."""
        return self.market.ask(method, path, caller, **more)

    def get(self, path: str, caller: str = "owner", **query: object) -> Any:
        """The body of an answer that has to be good."""
        return self.market.get(path, caller, **query)

    def pages(self, path: str, caller: str = "owner", **query: object) -> list[Any]:
        """Every item of a list."""
        return self.market.pages(path, caller, **query)

    def faults(self, method: str, path: str, caller: str = "owner", **more: Any) -> dict[str, str]:
        """What is wrong with a request, by its parts."""
        problem = check_problem(self.ask(method, path, caller, **more), 422, "invalid")
        return {each["pointer"]: each["detail"] for each in problem["errors"]}

    def logged(self, tag: str, caller: str = "owner") -> list[dict[str, Any]]:
        """What the log says of acts with a tag, the newest first."""
        found: list[dict[str, Any]] = self.get("/audit/entries", caller, tag=tag, limit=200)["items"]
        return found

    @property
    def theirs(self) -> Pricing:
        """The other tenant's pricing."""
        house: House = self.market.stage.app.state.house
        return house.pricing(house.tenant(THEIRS))

    def day(self, days: int = 0) -> date:
        """The tenant's today, or so many days after."""
        return self.stall.pricing.day_of(utc_now()) + timedelta(days=days)

    def sell(self) -> None:
        """Two offers, one of which would lose; prices by the list are out, margins are computed."""
        self.stall.offers(WORKED, LOSING)
        self.stall.rules(LIST)
        self.stall.refresh()
        self.stall.compute()


@contextmanager
def open_trade(market: Market) -> Iterator[Trade]:
    """The market's first tenant with its channels."""
    house: House = market.stage.app.state.house
    pricing = house.pricing(house.tenant(OURS))
    for name, roles in {
        "trendyol": [GivenRole("ops", "channel", "trendyol")],
        "looker": [GivenRole("analyst", "channel", "trendyol")],
        "outsider": [GivenRole("ops", "channel", "elsewhere")],
    }.items():
        market.tokens[name] = market.stage.key(pricing.tenant_id, *roles, name=name)
    with pricing.lake.connect(read_only=True) as reader:
        stall = Stall(pricing, reader)
        for slug, currency in (("trendyol", "TRY"), ("shop", "TRY"), ("abroad", "EUR")):
            stall.channel(slug, currency)
        yield Trade(market, stall)
