"""Routes around what-ifs: what changes of terms, rates and tariffs would do to the margins of all channels."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from commerce.errors import Refused
from meschain.access.guard import access_of
from meschain.access.principal import Principal
from meschain.channels.service import list_channels
from meschain.pricing import scenarios
from meschain.pricing.api.bodies import Fault, invalid
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import Reader, Refresher
from meschain.pricing.charts import margins_chart
from meschain.pricing.context import Pricing
from meschain.pricing.service import parsed_value
from meschain.pricing.tables import Scenario
from meschain.pricing.what_if import MOST_CHANGES, Change, RateChange, TermChange, parse_changes
from meschain.runs import service
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["what-ifs"], route_class=StoreRoute)
WhatIfId = Annotated[str, Path(alias="what_if", max_length=64, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]
_FLOW = "compute-scenario"
_WORDS = {"margin": "Net margin, per cent from", "offers": "Offers", "before": "before", "after": "after"}
_EXAMPLE = {"kind": "term", "name": "commission_rate", "add": "2"}


class WhatIfBody(Body):
    """Changes, all of them at once."""

    name: str = Field(default="", max_length=200, examples=["commissions rise"])
    changes: Annotated[list[Change], Field(min_length=1, max_length=MOST_CHANGES, examples=[[_EXAMPLE]])]


class WhatIfChannel(BaseModel):
    """The sums of a channel before and after; what one of both does not know is left out."""

    channel: str
    currency: str
    offers: int
    sale: Decimal
    before: Decimal = Field(description="Cash profit if one of each offer is sold.")
    after: Decimal
    difference: Decimal
    expected_before: Decimal = Field(description="The same with the returns that are to be expected.")
    expected_after: Decimal
    losing_before: int
    losing_after: int


class WhatIfBin(BaseModel):
    """How many offers have a net margin from so many per cent on, in steps of five."""

    channel: str
    scenario: str = Field(description="before or after.", examples=["before"])
    bin: int = Field(description="From -50 to 45; what lies beyond is in these two.")
    offers: int


class WhatIfMover(BaseModel):
    """An offer that would lose most of what it earns."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    sale: Decimal
    before: Decimal
    after: Decimal
    difference: Decimal


class WhatIfResult(BaseModel):
    """What the changes would do."""

    computed_at: datetime = Field(description="When the margins were computed that it is compared with.")
    channels: list[WhatIfChannel]
    bins: list[WhatIfBin]
    movers: list[WhatIfMover]


class WhatIfOut(BaseModel):
    """A what-if, in short."""

    id: str
    name: str
    changes: tuple[Change, ...]
    created_at: datetime
    created_by: str
    computed_at: datetime | None = Field(description="null: it was not computed yet.")

    @classmethod
    def of(cls, row: Scenario) -> Self:
        """From what the store has."""
        names = WhatIfOut.model_fields.keys() - {"changes"}
        told = {name: getattr(row, name) for name in names} | {"changes": parse_changes(row.changes)}
        done = {"result": row.result, "chart": margins_chart(row.result["bins"], _WORDS)} if row.result else {}
        return cls.model_validate(told | done)


class WhatIfDetail(WhatIfOut):
    """A what-if with its result."""

    result: WhatIfResult | None = None
    chart: dict[str, Any] | None = Field(default=None, description="The bins as a Vega-Lite chart, with its data.")


@router.get("/what-ifs")
def list_what_ifs(
    request: Request, response: Response, who: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[WhatIfOut]:
    """The what-ifs, the newest first."""
    place = open_cursor(request, cursor)
    found = scenarios.list_scenarios(
        pricing_of(request, who), before=str(place[0]) if place else None, limit=limit + 1
    )  # fmt: skip
    shown = [WhatIfOut.of(row) for row in found]
    return page(request, response, shown, limit, [shown[limit - 1].id] if len(shown) > limit else [])


@router.post("/what-ifs", status_code=202)
def ask_what_if(request: Request, response: Response, body: WhatIfBody, who: Refresher, key: Key = None) -> RunOut:
    """Keep a what-if and have it computed; its id is the run's parameter `scenario`, as in `/v1/what-ifs/{what_if}`."""
    pricing = pricing_of(request, who)
    kept = _wished(request, who, pricing, body, key)
    if kept is None:
        _check(pricing, body.changes)
        kept = scenarios.ask_scenario(pricing, body.name, [change.model_dump(mode="json") for change in body.changes])
    return ask(request, response, who, _FLOW, {"scenario": kept.id}, key=key)


@router.get("/what-ifs/{what_if}")
def get_what_if(request: Request, what_if: WhatIfId, who: Reader) -> WhatIfDetail:
    """One what-if, with what came out once it was computed."""
    return WhatIfDetail.of(scenarios.get_scenario(pricing_of(request, who), what_if))


def _wished(request: Request, who: Principal, pricing: Pricing, body: WhatIfBody, key: str | None) -> Scenario | None:
    """The what-if that was asked for under this key already; KeyReused if it was something else."""
    found = service.find_wish(access_of(request).of(who.tenant_id), who.tenant_id, key)
    if found is None:
        return None
    if found.flow == _FLOW:
        kept = scenarios.get_scenario(pricing, found.parameters["scenario"])
        if (kept.name, parse_changes(kept.changes)) == (scenarios.named(body.name), tuple(body.changes)):
            return kept
    service.check_same(found, _FLOW, {})
    return None


def _check(pricing: Pricing, changes: Sequence[Change]) -> None:
    """Invalid where a change names a channel that there is not, or a value that its term cannot have."""
    known = {"", *(channel.slug for channel in list_channels(pricing.channels))}
    faults: list[Fault] = []
    for number, change in enumerate(changes):
        if not isinstance(change, RateChange) and change.channel not in known:
            faults.append((("changes", number, "channel"), f"there is no channel {change.channel[:80]!r}"))
        if isinstance(change, TermChange) and change.value is not None:
            try:
                parsed_value(change.name, change.value)
            except Refused as error:
                faults.append((("changes", number, "value"), str(error)))
    if faults:
        raise invalid(faults)
