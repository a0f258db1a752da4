"""Routes around terms: fees, taxes and habits, each from a day on and for some sales; and the reference as shipped."""

from datetime import date, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from commerce.errors import Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.pricing import service
from meschain.pricing.api.bodies import Brand, Category, Currency, Dated, Named
from meschain.pricing.api.context import pricing_of
from meschain.pricing.api.schemas import Body
from meschain.pricing.api.scope import CHANNEL, SomeReader, SomeWriter, knows, require_for, seen, the_channel
from meschain.pricing.context import Pricing
from meschain.pricing.service import NewTerm, TermPlace, parsed_value
from meschain.pricing.tables import PricingTerm
from meschain.pricing.terms import Settings, Term, reference_terms
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page

router = APIRouter(tags=["terms"], route_class=StoreRoute)
TermId = Annotated[str, Path(alias="term", max_length=64, examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]


class TermQuery(BaseModel):
    """Which terms to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 100
    cursor: Cursor = None
    name: str | None = Field(default=None, max_length=80, description="Only values of this term.")


class NewTermBody(Dated):
    """A value to state. A condition that is left out fits every sale."""

    name: str = Field(examples=["commission_rate"], json_schema_extra={"enum": [*sorted(Settings.model_fields)]})
    value: str = Field(max_length=80, description="Rates in per cent, amounts with VAT.", examples=["15"])
    channel: Named | None = None
    supplier: Named | None = None
    brand: Brand | None = None
    category: Category | None = None

    @field_validator("name")
    @classmethod
    def _is_a_term(cls, name: str) -> str:
        if name not in Settings.model_fields:
            raise ValueError(f"there is no such term; there are {', '.join(sorted(Settings.model_fields))}")
        return name

    @field_validator("value")
    @classmethod
    def _fits_the_term(cls, value: str, info: ValidationInfo) -> str:
        if "name" in info.data:
            try:
                parsed_value(info.data["name"], value)
            except Refused as error:
                raise ValueError(str(error)) from None
        return value

    def given(self) -> NewTerm:
        """As the use case takes it."""
        return NewTerm(
            name=self.name, value=self.value, since=self.since, until=self.until, source=self.source,
            channel=self.channel or "", supplier=self.supplier or "", brand=self.brand or "",
            category=self.category or "",
        )  # fmt: skip


class TermEndBody(Body):
    """When it ends."""

    until: date = Field(description="The first day on which it does not hold any more.", examples=["2027-01-01"])


class ReferenceTerm(BaseModel):
    """A value of the reference, and where it comes from; it holds until the next one of its name."""

    name: str
    value: str = Field(description="Rates in per cent, amounts with VAT.", examples=["20"])
    since: date
    source: str

    @classmethod
    def of(cls, term: Term) -> Self:
        """From a term, whatever kind its value is."""
        return cls(name=term.name, value=shown_value(term), since=term.since, source=term.source)


class TermOut(BaseModel):
    """A value that was stated; a condition that is null fits every sale."""

    id: str
    name: str = Field(examples=["commission_rate"])
    value: str
    since: date
    until: date | None
    source: str
    channel: str | None
    supplier: str | None
    brand: str | None
    category: str | None
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: PricingTerm) -> Self:
        """From what the store has."""
        return cls.model_validate(
            {name: getattr(row, name) or None for name in cls.model_fields} | {"value": row.value}
        )


@router.get("/terms")
def list_terms(
    request: Request, response: Response, who: SomeReader, asked: Annotated[TermQuery, Query()]
) -> Page[TermOut]:
    """What was stated, by name and conditions: for the channels that the caller may see, and for all of them."""
    found = service.list_terms(
        pricing_of(request, who), asked.name, scopes=seen(who), after=_place(open_cursor(request, asked.cursor)),
        limit=asked.limit + 1,
    )  # fmt: skip
    last = _told(found[asked.limit - 1]) if len(found) > asked.limit else []
    return page(request, response, [TermOut.of(row) for row in found], asked.limit, last)


@router.post("/terms", status_code=201)
def state_term(request: Request, body: NewTermBody, who: SomeWriter) -> TermOut:
    """State a value from a day on; the one before ends there. For every channel, one must be allowed to for all."""
    require_for(request, who, Permission.PRICING_WRITE, body.channel)
    pricing = pricing_of(request, who)
    the_channel(pricing, body.channel)
    return TermOut.of(service.state_term(pricing, body.given()))


@router.get("/terms/reference", dependencies=[Allow(Permission.PRICING_READ, CHANNEL, partly=True)])
def list_reference(
    currency: Annotated[Currency | None, Query(description="Only what holds for it.")] = None,
) -> list[ReferenceTerm]:
    """What is taken for granted where nothing was stated: a Turkish marketplace, dated. No tax advice."""
    return [ReferenceTerm.of(term) for term in reference_terms(currency)]


@router.post("/terms/{term}/end")
def end_term(request: Request, term: TermId, body: TermEndBody, who: SomeWriter) -> TermOut:
    """Let a value hold until the day before."""
    pricing = pricing_of(request, who)
    return TermOut.of(service.end_term(pricing, _the_term(request, pricing, who, term), body.until))


@router.delete("/terms/{term}", status_code=204)
def remove_term(request: Request, term: TermId, who: SomeWriter) -> Response:
    """Take a value back as if it had never been stated."""
    pricing = pricing_of(request, who)
    service.remove_term(pricing, _the_term(request, pricing, who, term))
    return Response(status_code=204)


def shown_value(term: Term) -> str:
    """The value as text."""
    return str(term.value).lower() if isinstance(term.value, bool) else str(term.value)


def _the_term(request: Request, pricing: Pricing, who: Principal, term_id: str) -> str:
    """The id of a term that the caller may change; NotFound if it may not even see it."""
    found = service.get_term(pricing, term_id)
    if not knows(who, found.channel):
        raise NotFound(f"there is no term {term_id!r}")
    require_for(request, who, Permission.PRICING_WRITE, found.channel)
    return found.id


def _told(row: PricingTerm) -> list[str | int]:
    return [row.name, row.channel, row.supplier, row.brand, row.category, row.since.isoformat()]


def _place(told: list[str | int] | None) -> TermPlace | None:
    if told is None:
        return None
    name, channel, supplier, brand, category, since = map(str, told)
    return name, channel, supplier, brand, category, date.fromisoformat(since)
