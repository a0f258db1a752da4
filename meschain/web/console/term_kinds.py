"""How a term is asked for and written: each one's kind follows from what the pricing room says that it can be. Pure."""

from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Literal, get_args, get_origin

from meschain.pricing.terms import Settings
from meschain.web.console.language import N_, Message
from meschain.web.console.typed import Typed

Kind = Literal["rate", "amount", "desi", "days", "choice", "text"]
NAMES = tuple(Settings.model_fields)
"""Every term, in the order in which they are read."""
_LONGEST = 80
_MOST_DAYS = 3650


@cache
def kind_of(name: str) -> Kind:
    """What kind of value the term has; one that is not known any more is a text."""
    if name not in Settings.model_fields:
        return "text"
    annotation = Settings.model_fields[name].annotation
    if annotation is bool or get_origin(annotation) is Literal:
        return "choice"
    if annotation is str:
        return "text"
    if annotation is int:
        return "days"
    if name.endswith("_rate") or name == "rate_jump":
        return "rate"
    return "desi" if name == "desi" else "amount"


@cache
def choices_of(name: str) -> tuple[str, ...]:
    """What can be chosen for a term of the kind `choice`; yes and no are `true` and `false`."""
    annotation = Settings.model_fields[name].annotation
    return ("true", "false") if annotation is bool else get_args(annotation)


def read_term(fields: Typed, field: str, name: str, *, needed: bool = False) -> str:
    """What was typed as the value of a term, as the pricing room takes it; empty for none, or none that can be."""
    match kind_of(name):
        case "choice":
            return fields.choice(field, choices_of(name), needed=needed)
        case "text":
            return fields.text(field, _LONGEST)
        case "rate":
            return _written(fields.rate(field, needed=needed))
        case "days":
            return _written(fields.whole(field, _MOST_DAYS, needed=needed))
        case "amount":
            return _written(fields.number(field, needed=needed))
        case "desi":
            found = fields.number(field, needed=needed)
            if found is not None and (found <= 0 or found != round(found, 2)):
                fields.errors[field] = Message(N_("Give more than 0, with at most two digits behind the mark."))
            return _written(found)


def shown(name: str, value: object) -> object:
    """A value as a page writes it: numbers as such."""
    if kind_of(name) in {"choice", "text"}:
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _written(value: Decimal | int | None) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
