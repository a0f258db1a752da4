"""What changes of terms, rates and tariffs would do to the margins of the whole catalogue. Keeps nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from commerce.currency import round_to_minor
from commerce.errors import Refused
from meschain.pricing.context import Pricing
from meschain.pricing.reckoning import Stated, gather, kept_rate, read_stated
from meschain.pricing.service import parsed_value
from meschain.pricing.terms import Settings
from meschain.store.base import utc_now
from warehouse import what_if as comparing
from warehouse.margin_lines import Combination, Inputs, Row
from warehouse.what_if import Comparison

Percent = Annotated[Decimal, Field(gt=-100, le=1_000, decimal_places=2)]
_RATES = frozenset(name for name in Settings.model_fields if name.endswith("_rate")) - {"vat_rate"}
"""To which points can be added. What VAT an offer has, it says itself."""
_UNUSED = frozenset({"rate_source", "rate_side", "rate_jump"})


MOST_CHANGES = 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TermChange(_Part):
    """Another value of a term, or points added to it, on one channel or on all."""

    kind: Literal["term"]
    name: str
    value: str | None = None
    add: Annotated[Decimal, Field(gt=-(10**9), lt=10**9, decimal_places=2)] | None = None
    channel: str = ""

    @model_validator(mode="after")
    def _possible(self) -> "TermChange":
        if (self.value is None) == (self.add is None):
            raise ValueError("a term changes by a value or by what is added to it: give one of both")
        if self.name in _UNUSED or self.name not in Settings.model_fields:
            raise ValueError(f"{self.name!r} is no term of a margin")
        if self.add is not None and self.name not in _RATES | {"service_fee", "cargo", "return_cargo", "other_costs"}:
            raise ValueError(f"nothing can be added to {self.name}; give a value")
        return self


class RateChange(_Part):
    """A currency that costs more by per cent, or less."""

    kind: Literal["rate"]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    change_rate: Percent


class TariffChange(_Part):
    """Every amount of the cargo tariffs changed by per cent, on one channel or on all."""

    kind: Literal["tariff"]
    change_rate: Percent
    channel: str = ""


Change = Annotated[TermChange | RateChange | TariffChange, Field(discriminator="kind")]
_CHANGES: TypeAdapter[tuple[Change, ...]] = TypeAdapter(
    Annotated[tuple[Change, ...], Field(min_length=1, max_length=MOST_CHANGES)]
)


def parse_changes(changes: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The changes as they are written; Refused with every fault, by the number of the change."""
    try:
        return _CHANGES.validate_python(changes)
    except ValidationError as error:
        raise Refused("; ".join(map(_fault, error.errors()))) from None


def _fault(fault: Any) -> str:  # noqa: ANN401  a typed dictionary of pydantic's core, which is not ours to import
    where = f"change {fault['loc'][0] + 1}" if fault["loc"] else "the changes"
    return f"{where}: {fault['msg'].removeprefix('Value error, ').lower()}"


def estimate(pricing: Pricing, changes: Sequence[Change]) -> Comparison:
    """What the changes would do, against the margins that were computed last. Refused when a value cannot be."""
    stated = read_stated(pricing, pricing.day_of(utc_now()))
    for change in changes:
        if isinstance(change, TermChange) and change.value is not None:
            parsed_value(change.name, change.value)
    with pricing.lake.connect(read_only=True) as connection:
        return comparing.compare(connection, stated.mentioned, _under(pricing, stated, changes))


def _under(pricing: Pricing, stated: Stated, changes: Sequence[Change]) -> Callable[[Sequence[Combination]], Inputs]:
    def resolve(found: Sequence[Combination]) -> Inputs:
        inputs = gather(pricing, stated, found)
        for change in changes:
            inputs = changed(inputs, change)
        return inputs

    return resolve


def changed(inputs: Inputs, change: Change) -> Inputs:
    """The inputs with one change made. Refused when a rate would leave 0 to 100, or an amount fall below zero."""
    match change:
        case TermChange():
            return replace(inputs, terms=[_term(row, change) for row in inputs.terms])
        case RateChange():
            return replace(inputs, exchange=[_rate(row, change) for row in inputs.exchange])
        case TariffChange():
            currencies = {row["channel"]: row["currency"] for row in inputs.terms}
            return replace(inputs, tariff=[_tariff(row, change, currencies) for row in inputs.tariff])


def _term(row: Row, change: TermChange) -> Row:
    if change.channel not in {"", row["channel"]} or row.get("fault") is not None:
        return row
    if change.value is not None:
        return {**row, change.name: parsed_value(change.name, change.value)}
    before = row.get(change.name)
    if before is None or change.add is None:  # the offer itself says it, or it is as the cargo
        return row
    after = before + change.add
    if after < 0 or (change.name in _RATES and after > 100):
        raise Refused(f"{change.name} would be {after} on {row['channel']}, from {before}")
    return {**row, change.name: after}


def _rate(row: Row, change: RateChange) -> Row:
    if row["currency"] != change.currency or row.get("rate") is None or row.get("bulletin") is None:
        return row
    return {**row, "rate": kept_rate(row["rate"] * (100 + change.change_rate) / 100)}


def _tariff(row: Row, change: TariffChange, currencies: Mapping[str, str]) -> Row:
    if change.channel not in {"", row["channel"]}:
        return row
    amount = row["amount"] * (100 + change.change_rate) / 100
    return {**row, "amount": round_to_minor(amount, currencies[row["channel"]])}
