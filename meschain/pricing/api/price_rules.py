"""Routes around price rules: a version is drafted, looked at beforehand, approved. They are the whole tenant's."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, field_validator

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.pricing import price_rules
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import Approver, Reader, Refresher
from meschain.pricing.rules import MOST_RULES, Rule, parse_rules, repeated_names
from meschain.pricing.tables import PriceRuleSet, RuleSetStatus
from meschain.runs.schemas import Key, RunOut, ask
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["price rules"], route_class=StoreRoute)
Version = Annotated[int, Path(alias="version", ge=1, le=10**9, examples=[1])]
_EXAMPLE = {
    "name": "toys", "when": {"categories": ["Toys"]}, "price": {"kind": "margin", "rate": "15"},
    "floor": {"profit": "10"}, "rounding": {"step": "1", "ending": "0.90"},
}  # fmt: skip


class NewRulesBody(Body):
    """Rules in order: of those that fit an offer on a channel, the first one makes its price."""

    rules: Annotated[list[Rule], Field(min_length=1, max_length=MOST_RULES, examples=[[_EXAMPLE]])]
    note: str = Field(default="", max_length=500, examples=["for the winter"])

    @field_validator("rules")
    @classmethod
    def _have_names_of_their_own(cls, rules: list[Rule]) -> list[Rule]:
        if twice := repeated_names(rules):
            raise ValueError(f"each rule needs a name of its own; there is more than one {', '.join(twice)}")
        return rules


class OutcomeCount(BaseModel):
    """How many offers of a channel come to what."""

    channel: str
    outcome: str = Field(
        description="new, raised, lowered, unchanged, no_rule, or why prices were refused.", examples=["raised"]
    )
    offers: int


class PreviewOffer(BaseModel):
    """An offer on a channel, and what would become of its price."""

    channel: str
    supplier: str
    supplier_sku: str
    title: str | None
    currency: str
    rule: str | None
    net_cash: Decimal | None
    least_profit: Decimal | None


class PreviewChange(PreviewOffer):
    """A price that would change, or be refused."""

    outcome: str = Field(description="new, raised, lowered or refused.", examples=["raised"])
    before: Decimal | None
    after: Decimal | None
    cause: str | None


class PreviewRefusal(PreviewOffer):
    """A price that would be refused."""

    reason: str
    detail: str
    price: Decimal | None
    published_price: Decimal | None
    floor_price: Decimal | None


class PreviewOut(BaseModel):
    """What rules would do to the prices: how many, some that move most, and some that would lose most."""

    at: datetime
    counts: list[OutcomeCount]
    examples: list[PreviewChange]
    refusals: list[PreviewRefusal]


class RulesOut(BaseModel):
    """A version of the rules, in short; it is never changed."""

    version: int
    status: RuleSetStatus = Field(description="Prices are made by the active one.")
    note: str | None
    names: list[str] = Field(description="Of its rules, in order.")
    previewed_at: datetime | None = Field(description="null: nobody has seen yet what it would do.")
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    approved_by: str | None

    @classmethod
    def of(cls, row: PriceRuleSet) -> Self:
        """From what the store has."""
        names = cls.model_fields.keys() & {column.key for column in PriceRuleSet.__table__.columns}
        told = {name: getattr(row, name) for name in names - {"preview", "rules"}}
        rules, at = [rule["name"] for rule in row.rules], row.preview.get("at")
        more = {"rules": parse_rules(row.rules), "preview": row.preview or None} if "rules" in cls.model_fields else {}
        return cls.model_validate({**told, "names": rules, "previewed_at": at, **more})


class RulesDetail(RulesOut):
    """A version with its rules, and what they would do."""

    rules: tuple[Rule, ...]
    preview: PreviewOut | None


@router.get("/price-rules")
def list_rules(
    request: Request, response: Response, who: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[RulesOut]:
    """The versions of the rules, the newest first."""
    place = open_cursor(request, cursor)
    found = price_rules.list_rules(
        pricing_of(request, who), before=int(place[0]) if place else None, limit=limit + 1
    )  # fmt: skip
    shown = [RulesOut.of(row) for row in found]
    return page(request, response, shown, limit, [shown[limit - 1].version] if len(shown) > limit else [])


@router.get("/price-rules/{version}")
def get_rules(request: Request, version: Version, who: Reader) -> RulesDetail:
    """One version with its rules, and what they would do to the prices if that was looked at."""
    return RulesDetail.of(price_rules.get_rules(pricing_of(request, who), version))


@router.post("/price-rules", status_code=201)
def draft_rules(
    request: Request, response: Response, body: NewRulesBody,
    who: Annotated[Principal, Allow(Permission.PRICING_WRITE)],
) -> RulesDetail:  # fmt: skip
    """Keep rules as the next version. No price changes before it was looked at and approved."""
    made = price_rules.draft_rules(pricing_of(request, who), _written(body.rules), note=body.note)
    response.headers["Location"] = f"/v1/price-rules/{made.version}"
    return RulesDetail.of(made)


@router.post("/price-rules/{version}/preview", status_code=202)
def preview_rules(request: Request, response: Response, version: Version, who: Refresher, key: Key = None) -> RunOut:
    """Have computed what the version would do to the prices; nothing goes out."""
    found = price_rules.get_rules(pricing_of(request, who), version)
    return ask(request, response, who, "preview-prices", {"version": found.version}, key=key)


@router.post("/price-rules/{version}/approval")
def approve_rules(request: Request, version: Version, who: Approver) -> RulesDetail:
    """Let prices be made by a draft whose preview was computed; the version before it is retired."""
    return RulesDetail.of(price_rules.approve_rules(pricing_of(request, who), version))


def _written(rules: Sequence[Rule]) -> list[dict[str, object]]:
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]
