"""What the routes of pricing take and give. Amounts and rates are texts that keep every digit."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from meschain.pricing.banks import Source
from meschain.pricing.tables import BulletinStatus, RateBulletin


class Body(BaseModel):
    """What is sent; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class BulletinDecisionBody(Body):
    """Why, and about what."""

    note: str = Field(default="", max_length=500, examples=["the devaluation of this morning"])
    version: int | None = Field(
        default=None, ge=1, le=10**9, description="Version that was looked at; when the bank has published another one "
        "since, nothing is decided.",
    )  # fmt: skip


class RateRefreshBody(Body):
    """Whose rates to fetch."""

    source: Source | None = Field(default=None, description="null: those of every bank.")


class RateFinding(BaseModel):
    """A rate for which a bulletin is held."""

    base: str = Field(examples=["USD"])
    quote: str = Field(examples=["TRY"])
    side: str | None = Field(description="Which of the two rates moved most; null where the bank names one.")
    before: Decimal | None = Field(description="null: the earlier bulletin does not have it.")
    after: Decimal | None = Field(description="null: this bulletin does not have it any more.")
    change: Decimal | None = Field(description="In per cent of the rate before.", examples=["21.0193"])
    than: date = Field(description="Day of the bulletin it is compared with; its own day, if this one corrects it.")


class ExchangeRate(BaseModel):
    """What a bank pays and asks for one unit of a currency."""

    base: str = Field(examples=["USD"])
    quote: str = Field(examples=["TRY"])
    buying: Decimal
    selling: Decimal


class BulletinOut(BaseModel):
    """What a central bank published of a day, in short."""

    source: Source
    day: date
    number: str = Field(description="As the bank counts it; the day where it does not.", examples=["2026/2"])
    status: BulletinStatus = Field(description="Only accepted rates are used.")
    findings: list[RateFinding] = Field(description="Why it is, or was, held.")
    fetched_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None
    version: int = Field(description="Counts up with every change.")

    @classmethod
    def of(cls, row: RateBulletin) -> Self:
        """From what the store has."""
        return cls.model_validate(row, from_attributes=True)


class BulletinDetail(BulletinOut):
    """A bulletin with its rates."""

    rates: list[ExchangeRate]
    used: list[ExchangeRate] | None = Field(
        description="Accepted before the bank corrected itself, and used as long as the correction is not; null if "
        "there is nothing like that."
    )

    @classmethod
    def of(cls, row: RateBulletin) -> Self:
        """From what the store has."""
        used = row.former["rates"] if row.former is not None else None
        short = BulletinOut.of(row).model_dump()
        return cls(**short, rates=_rates(row.rates), used=_rates(used) if used is not None else None)


def _rates(stored: Sequence[Mapping[str, Any]]) -> list[ExchangeRate]:
    return [ExchangeRate.model_validate(each) for each in stored]
