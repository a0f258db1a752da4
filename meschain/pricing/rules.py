"""Price rules: for which offers each is, what price it makes, and which rule an offer falls to. No store.

Rules are an ordered list; of those that fit an offer on a channel, the first one makes its price.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise, product
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from commerce.errors import Refused
from meschain.pricing.resolution import folded, within
from meschain.pricing.terms import Amount, Rate

Name = Annotated[str, Field(min_length=1, max_length=80)]
Word = Annotated[str, Field(min_length=1, max_length=300)]
Several = Annotated[tuple[Word, ...], Field(max_length=200)]
MOST_RULES = 200
MOST_BANDS = 2_500
"""Of cost times parcel: each is one row for each channel and each kind of offer that rules and terms tell apart."""
HIGHEST = Decimal(10) ** 13
HEAVIEST = 10**9
"""Above every cost, and every parcel."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Part):
    """For which offers a rule is; what is left out fits every offer. A bound `below` is not within."""

    channels: Several = ()
    suppliers: Several = ()
    brands: Several = ()
    categories: Several = ()
    """Category paths, or beginnings of them."""
    cost_from: Amount = Decimal(0)
    cost_below: Amount | None = None
    """Of the cost with VAT, in the currency of the channel."""
    desi_from: Annotated[int, Field(ge=0, lt=HEAVIEST)] = 0
    desi_below: Annotated[int, Field(gt=0, lt=HEAVIEST)] | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> "When":
        for name in ("cost", "desi"):
            low, high = getattr(self, f"{name}_from"), getattr(self, f"{name}_below")
            if high is not None and high <= low:
                raise ValueError(f"{name}_below is not above {name}_from: no offer would fit")
        return self


class Markup(_Part):
    """The cost with VAT and per cent of it on top."""

    kind: Literal["markup"]
    rate: Annotated[Decimal, Field(ge=-90, le=10_000, decimal_places=2)]


class Margin(_Part):
    """The lowest price whose cash profit is that part of the price without VAT."""

    kind: Literal["margin"]
    rate: Annotated[Decimal, Field(ge=-90, lt=100, decimal_places=2)]


class Profit(_Part):
    """The lowest price that earns that cash profit."""

    kind: Literal["profit"]
    amount: Annotated[Decimal, Field(gt=-(10**9), lt=10**9, decimal_places=4)]


class ListPrice(_Part):
    """What the supplier proposes, changed by per cent of it."""

    kind: Literal["list_price"]
    rate: Annotated[Decimal, Field(ge=-90, le=1_000, decimal_places=2)] = Decimal(0)


class Floor(_Part):
    """What a sale has to earn at least, in cash: an amount and per cent of the price without VAT; else: no loss."""

    profit: Annotated[Decimal, Field(gt=-(10**9), lt=10**9, decimal_places=4)] = Decimal(0)
    margin_rate: Annotated[Decimal, Field(ge=-90, lt=100, decimal_places=2)] = Decimal(0)


class Rounding(_Part):
    """Where prices may stand, always the next above: `step` 1 and `ending` 0.90 for 12.90, 13.90 and so on."""

    step: Annotated[Decimal, Field(gt=0, le=10**6, decimal_places=4)] = Decimal("0.01")
    ending: Amount = Decimal(0)

    @model_validator(mode="after")
    def _within_a_step(self) -> "Rounding":
        if self.ending >= self.step:
            raise ValueError("ending is not below step: 0.90 needs a step of 1 or more")
        return self


class Rule(_Part):
    """One rule: for which offers, which price, and what the price has to keep to."""

    name: Name
    when: When = When()
    price: Annotated[Markup | Margin | Profit | ListPrice, Field(discriminator="kind")]
    floor: Floor = Floor()
    advertised_rate: Rate | None = None
    """Minimum advertised price, in per cent of the supplier's list price; None: the supplier asks for none."""
    rounding: Rounding = Rounding()
    largest_step_rate: Annotated[Decimal, Field(gt=0, le=1_000, decimal_places=2)] | None = None
    """A price moves in a day by no more than per cent of what it was at the day's beginning; None: by any amount."""


class Place(NamedTuple):
    """What the conditions of rules are held against, beside cost and parcel; empty where no rule mentions it."""

    channel: str
    supplier: str
    brand: str
    category: str


class Cell(NamedTuple):
    """All offers of a place whose cost and parcel lie within bounds; they fall to the rule of that number."""

    cost_from: Decimal
    cost_below: Decimal
    desi_from: int
    desi_below: int
    number: int


_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(
    Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MOST_RULES)]
)


def parse_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules as they are written. Refused with every fault: number of the rule, its field, what was expected."""
    try:
        found = _RULES.validate_python(rules)
    except ValidationError as error:
        faults = [fault for fault in error.errors() if fault["loc"] or error.error_count() == 1]
        raise Refused("; ".join(map(_fault, faults))) from None
    if (cut := _bands(found)) > MOST_BANDS:
        raise Refused(
            f"the rules cut costs and parcels into {cut} bands; expected {MOST_BANDS} at most: let rules share bounds"
        )
    if twice := repeated_names(found):
        raise Refused(f"each rule needs a name of its own; there is more than one {', '.join(twice)}")
    return found


def repeated_names(rules: Sequence[Rule]) -> list[str]:
    """Names that more than one of the rules has."""
    return sorted(name for name, times in Counter(rule.name for rule in rules).items() if times > 1)


def cells(rules: Sequence[Rule], place: Place) -> Iterator[Cell]:
    """The place cut up by cost and parcel so that each cell falls to one rule; what falls to none is left out."""
    fitting = [(number, rule.when) for number, rule in enumerate(rules) if _fits(rule.when, place)]
    starts = [(when.cost_from, when.desi_from) for _, when in fitting]
    ends = [(when.cost_below or HIGHEST, when.desi_below or HEAVIEST) for _, when in fitting]
    costs, parcels = (
        sorted({*edges}) for edges in zip(*starts, *ends, (Decimal(0), 0), (HIGHEST, HEAVIEST), strict=True)
    )
    for (low, high), (light, heavy) in product(pairwise(costs), pairwise(parcels)):
        number = next((number for number, when in fitting if _covers(when, low, light)), None)
        if number is not None:
            yield Cell(low, high, light, heavy, number)


def _bands(rules: Sequence[Rule]) -> int:
    """Into how many cells the rules cut a place that all of them are for."""
    costs = {edge for rule in rules for edge in (rule.when.cost_from, rule.when.cost_below or HIGHEST)}
    parcels = {edge for rule in rules for edge in (rule.when.desi_from, rule.when.desi_below or HEAVIEST)}
    return max(len(costs | {Decimal(0)}) - 1, 1) * max(len(parcels | {0}) - 1, 1)


def _fits(when: When, place: Place) -> bool:
    return (
        (not when.channels or place.channel in when.channels)
        and (not when.suppliers or place.supplier in when.suppliers)
        and (not when.brands or folded(place.brand) in map(folded, when.brands))
        and (not when.categories or any(within(place.category, path) for path in when.categories))
    )


def _covers(when: When, cost: Decimal, desi: int) -> bool:
    """Whether the rule is for offers of that cost and parcel."""
    return (
        when.cost_from <= cost
        and (when.cost_below is None or cost < when.cost_below)
        and when.desi_from <= desi
        and (when.desi_below is None or desi < when.desi_below)
    )


def _fault(fault: Any) -> str:  # noqa: ANN401  a typed dictionary of pydantic's core, which is not ours to import
    number, *path = fault["loc"] or ("",)
    where = f"rule {number + 1}" if isinstance(number, int) else "the rules"
    field = ".".join(str(part) for part in path)
    return f"{where}{f', {field}' if field else ''}: {fault['msg'].removeprefix('Value error, ').lower()}"
