"""A tenant that sells, before the console: two channels, a few offers of which some lose, its rules and its prices."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from meschain.access.grants import GivenRole
from meschain.runs.service import list_triggers
from tests.homes import TENANT
from tests.pricing.stall import Stall
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from tests.web.stage import Stage, staged

D = Decimal
OWNER = "owner@market.example"
RULE = {"name": "list price", "price": {"kind": "list_price"}, "floor": {"profit": 10}}
GOODS = (
    {"supplier_sku": "A1", "title": "Süpürge", "cost": D(300), "list_price": D(600)},
    {"supplier_sku": "A2", "title": "Çaydanlık", "brand": "Emsan", "cost": D(900), "list_price": D("1299.90")},
    {"supplier_sku": "LOSS", "title": "Zararına", "brand": "Emsan", "cost": D(300), "list_price": D(400)},
    {"supplier_sku": "FREE", "title": "Maliyetsiz", "list_price": D(50)},
)


@dataclass
class Market:
    """The stage, and the tenant's prices."""

    stage: Stage
    stall: Stall

    def surfer(self, email: str = OWNER, language: str = "en") -> Surfer:
        """Somebody who is logged in and reads that language."""
        return Surfer(self.stage).log_in(email).press("/language", language=language).go("/console/")

    def member(self, name: str, *roles: str | GivenRole, language: str = "en") -> Surfer:
        """A new member with these roles, logged in."""
        email = f"{name}@market.example"
        self.stage.people.member(self.stall.pricing.tenant_id, email, *roles)
        return self.surfer(email, language)

    def asked(self, flow: str) -> list[dict[str, Any]]:
        """With which parameters that flow was asked for, the newest first."""
        return [each.parameters for each in list_triggers(self.stall.pricing.engine, flow=flow)]


@contextmanager
def open_market(furnished: Path, folder: Path) -> Iterator[Market]:
    """The market in a copy of that home: on Trendyol, and in a shop of its own that takes no commission."""
    with staged(Path(shutil.copytree(furnished, folder / "home"))) as stage:
        house = stage.app.state.house
        tenant = house.tenant(TENANT)
        stage.people.owner(tenant.id, OWNER)
        pricing = house.pricing(tenant)
        with pricing.lake.connect(read_only=True) as reader:
            stall = Stall(pricing, reader)
            for slug in ("trendyol", "shop"):
                stall.channel(slug)
            stall.term("commission_rate", 0, channel="shop")
            stall.offers(*GOODS)
            yield Market(stage, stall)


def errors(surfer: Surfer) -> dict[str, str]:
    """What the page says is wrong, by field; each has to stand at its field and in the summary."""
    assert surfer.answer.status_code == 422, surfer.text[:400]
    check(surfer.page, surfer.place)
    found = {
        str(each.get("id")).removeprefix("error-"): str(each.text_content())
        for each in surfer.page.xpath("//*[@class='error']")
    }
    summary = {str(link).removeprefix("#field-") for link in surfer.page.xpath("//*[@role='alert']//a/@href")}
    assert summary == found.keys()
    for name in found:
        assert surfer.page.xpath(f"//*[@id='field-{name}' and @aria-invalid='true']"), name
    return found


def table(surfer: Surfer, label: str) -> list[list[str]]:
    """The rows of the table of that name."""
    rows = surfer.page.xpath(f"//*[@role='region' and @aria-label={label!r}]//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]
