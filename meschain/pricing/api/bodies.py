"""Parts of bodies that several routes of pricing take, and how a fault that is found later is told by its place."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from commerce.currency import parse_currency
from commerce.errors import BadRecord
from meschain.pricing.api.schemas import Body

Fault = tuple[tuple[str | int, ...], str]
"""The place of a part of the body, and what is wrong with it."""
Named = Annotated[str, Field(min_length=1, max_length=63, examples=["trendyol"])]
"""A channel, a supplier."""
Brand = Annotated[str, Field(min_length=1, max_length=200, examples=["Lego"])]
Category = Annotated[
    str,
    Field(min_length=1, max_length=300, description="Its path, or the beginning of one.", examples=["Toys > Dolls"]),
]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("expected some words")
    return text


def _known(text: str) -> str:
    try:
        code = parse_currency(text)
    except BadRecord:
        code = None
    if code is None:
        raise ValueError("expected an ISO 4217 code such as TRY, EUR or USD")
    return code


Words = Annotated[str, Field(max_length=500), AfterValidator(_not_blank)]
Currency = Annotated[str, Field(max_length=12, examples=["TRY"]), AfterValidator(_known)]


class Dated(Body):
    """What holds from a day on, because something says so."""

    since: date = Field(examples=["2026-01-01"])
    until: date | None = Field(
        default=None, description="The first day on which it does not hold any more; null: until another follows."
    )
    source: Words = Field(description="The contract, tariff or law that says so.", examples=["contract of 2026"])

    @field_validator("until")
    @classmethod
    def _ends_later(cls, until: date | None, info: ValidationInfo) -> date | None:
        if until is not None and "since" in info.data and until <= info.data["since"]:
            raise ValueError("it would end before it begins")
        return until


def invalid(faults: Iterable[Fault]) -> RequestValidationError:
    """Faults of parts of the body."""
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", *place), "msg": told} for place, told in faults]
    )
