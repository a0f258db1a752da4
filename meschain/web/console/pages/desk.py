"""What every page of prices begins with: the reader's pricing, the channels that may be seen, the way through lists."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from fastapi import Response

from meschain.access.permissions import Permission
from meschain.access.scopes import ScopeKind
from meschain.channels.service import list_channels
from meschain.channels.tables import Channel
from meschain.pricing.context import Pricing
from meschain.pricing.terms import Term
from meschain.runs import schemas
from meschain.web.console.views.terms import State
from meschain.web.console.visits import Visit
from meschain.web.cursors import make_cursor, open_cursor
from warehouse.published import Key

CHANNEL: ScopeKind = "channel"
T = TypeVar("T")


def pricing_of(visit: Visit) -> Pricing:
    """The pricing of the reader's tenant, with the reader as who acts."""
    return visit.house.pricing(visit.house.tenant(visit.who.tenant), visit.who.actor)


def channels_of(visit: Visit, pricing: Pricing, permission: Permission = Permission.PRICING_READ) -> list[Channel]:
    """The channels for which the reader has the permission, by name."""
    return list_channels(pricing.channels, scopes=visit.who.scopes(permission, CHANNEL))


def seen_of(visit: Visit, pricing: Pricing) -> list[str] | None:
    """Names of the channels whose prices the reader may see; None for all of them, also those that are gone."""
    if visit.who.scopes(Permission.PRICING_READ, CHANNEL) is None:
        return None
    return [each.slug for each in channels_of(visit, pricing)]


def ask(visit: Visit, flow: str, parameters: Mapping[str, Any] | None = None) -> schemas.RunOut:
    """Have a flow run for the reader's tenant; sent twice with one key of the form, it runs once."""
    return schemas.ask(visit.request, Response(), visit.who, flow, dict(parameters or {}), key=visit.key)


def place_of(visit: Visit) -> Key | None:
    """After which price the page of a list begins; None at its beginning."""
    told = open_cursor(visit.request, visit.asked("cursor")[:8192] or None)
    return (str(told[0]), str(told[1]), str(told[2])) if told is not None else None


def following(visit: Visit, rows: list[dict[str, Any]], limit: int) -> str | None:
    """The cursor of the next page, if there are more rows than fit."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return make_cursor(visit.request, [last["channel"], last["supplier"], last["supplier_sku"]])


def made(kind: type[T], row: Mapping[str, Any], **more: Any) -> T:
    """A row of a view from a row of the warehouse: what both name."""
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # each is a dataclass
    return kind(**{name: value for name, value in row.items() if name in names}, **more)


def states_of(values: Iterable[tuple[str, object, date, date | None]], today: date) -> dict[str, State]:
    """How each of some dated values stands: its id, what it is a value of, its first day, the day on which it is over.

    One without an end is over when the next one of the same begins.
    """
    groups: dict[object, list[Term]] = defaultdict(list)
    for value_id, what, since, until in values:
        groups[what].append(Term("", value_id, since, "", until))
    return {each.value: _state(each, group, today) for group in groups.values() for each in group}


def _state(each: Term, group: list[Term], today: date) -> State:
    if each.since > today:
        return "later"
    ended = each.until is not None and each.until <= today
    followed = each.until is None and any(each.since < other.since <= today for other in group)
    return "over" if ended or followed else "holds"


def typed(amount: Decimal) -> str:
    """An amount as it stands in a field: with two digits behind the mark, or four, so that it is read in one way."""
    exact = amount.quantize(Decimal("0.01"))
    return f"{exact if exact == amount else amount.quantize(Decimal('0.0001')):f}"
