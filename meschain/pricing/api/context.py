"""What every route of pricing begins with: the caller's pricing, and the parts of its addresses."""

from datetime import date
from typing import Annotated

from fastapi import Path, Request

from meschain.access.principal import Principal
from meschain.pricing.banks import Source
from meschain.pricing.context import Pricing
from meschain.wiring import House

SourceName = Annotated[Source, Path(alias="source", description="The bank: Türkiye's (tcmb) or the euro's (ecb).")]
Day = Annotated[date, Path(examples=["2026-01-05"])]


def pricing_of(request: Request, who: Principal) -> Pricing:
    """The pricing of the caller's tenant, with the caller as who acts."""
    house: House = request.app.state.house
    return house.pricing(house.tenant(who.tenant), who.actor)
