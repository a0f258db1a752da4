"""Use cases around what sales cost: terms are stated, listed, ended and removed. What they come to stands elsewhere."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import bindparam, delete, literal, or_, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.rules import NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Tag
from meschain.channels.tables import Channel
from meschain.pricing.context import Pricing
from meschain.pricing.resolution import Sale
from meschain.pricing.tables import PricingTerm
from meschain.pricing.terms import Settings, Term
from meschain.store.session import reading, transaction

_KINDS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]  # a kind of pydantic, known only now
    for name, field in Settings.model_fields.items()
}
_CONDITIONS = ("channel", "supplier", "brand", "category")
_ORDER = (PricingTerm.name, *(getattr(PricingTerm, each) for each in _CONDITIONS), PricingTerm.since)
_STATED = (
    select(*(getattr(PricingTerm, each) for each in ("name", "value", "since", "source", "until", *_CONDITIONS)))
    .where(PricingTerm.tenant_id == bindparam("tenant"))
    .order_by(*_ORDER)
)
_OF_A_SALE = _STATED.where(
    *(getattr(PricingTerm, each).in_([literal(""), bindparam(each)]) for each in ("channel", "supplier")),
    # these are compared with less care than a database takes
    *(or_(getattr(PricingTerm, each) == "", bindparam(each) != "") for each in ("brand", "category")),
)
TermPlace = tuple[str, str, str, str, str, date]
"""Name, conditions and day of a term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """A value to be stated; an empty condition fits every sale."""

    name: str
    value: str
    since: date
    until: date | None = None
    source: str
    channel: str = ""
    supplier: str = ""
    brand: str = ""
    category: str = ""


def state_term(pricing: Pricing, new: NewTerm) -> PricingTerm:
    """State a value from a day on. Refused, telling why, when it cannot be or when that day has one for those sales."""
    value = parsed_value(new.name, new.value)
    if not new.source.strip():
        raise Refused("a term needs its source: the contract, tariff or law that says so")
    if new.until is not None and new.until <= new.since:
        raise Refused(f"{new.name}: it would end on {new.until}, before it begins on {new.since}")
    stored = PricingTerm(
        **{**asdict(new), "value": str(value).lower() if isinstance(value, bool) else str(value)},
        created_by=str(pricing.actor),
    )
    try:
        with transaction(pricing.engine) as session:
            check_channel(pricing, session, new.channel)
            session.add(stored)
            pricing.record(session, Tag.TERM_ADDED, f"term {new.name}", after=told(stored))
    except IntegrityError:
        raise Refused(f"{new.name} has a value from {new.since} on for those sales already; remove it first") from None
    return stored


def end_term(pricing: Pricing, term_id: str, until: date) -> PricingTerm:
    """Let a value hold until the day before; NotFound, Refused when it had not begun."""
    with transaction(pricing.engine) as session:
        stored = _term(session, pricing, term_id)
        if until <= stored.since:
            raise Refused(f"{stored.name}: it would end on {until}, before it begins on {stored.since}; remove it")
        before, stored.until = told(stored), until
        pricing.record(session, Tag.TERM_ADDED, f"term {stored.name}", before=before, after=told(stored))
    return stored


def remove_term(pricing: Pricing, term_id: str) -> None:
    """Take a value back as if it had never been stated; NotFound if there is none."""
    with transaction(pricing.engine) as session:
        stored = _term(session, pricing, term_id)
        pricing.record(session, Tag.TERM_REMOVED, f"term {stored.name}", before=told(stored))
        session.execute(delete(PricingTerm).where(PricingTerm.id == stored.id))


def get_term(pricing: Pricing, term_id: str) -> PricingTerm:
    """The term; NotFound if there is none."""
    with reading(pricing.engine) as session:
        return _term(session, pricing, term_id, lock=False)


def list_terms(
    pricing: Pricing,
    name: str | None = None,
    *,
    scopes: Scopes | None = None,
    after: TermPlace | None = None,
    limit: int | None = None,
) -> list[PricingTerm]:
    """The tenant's terms by name, conditions and day, beginning after a place.

    With scopes, those of channels that may be seen, and those of every channel.
    """
    query = select(PricingTerm).where(PricingTerm.tenant_id == pricing.tenant_id)
    query = query.where(PricingTerm.name == name) if name is not None else query
    if scopes is not None:
        query = query.where(or_(PricingTerm.channel == "", visible(PricingTerm.channel, scopes)))
    query = query.where(tuple_(*_ORDER) > after) if after is not None else query
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(*_ORDER).limit(limit)))


def stated_terms(pricing: Pricing, sale: Sale | None = None) -> list[Term]:
    """The tenant's terms as they are resolved; of one sale, if it is named, only those that may fit it."""
    query, given = (_OF_A_SALE, sale._asdict()) if sale is not None else (_STATED, {})
    with reading(pricing.engine) as session:
        return [Term(*row) for row in session.execute(query, given | {"tenant": pricing.tenant_id})]


def parsed_value(name: str, value: str) -> Any:  # noqa: ANN401  of whatever kind the term is
    """The value as its term takes it; Refused when there is no such term or it cannot have that value."""
    kind = _KINDS.get(name)
    if kind is None:
        raise Refused(f"{name[:80]!r} is no term; there are {', '.join(sorted(_KINDS))}")
    try:
        return kind.validate_python(value.strip())
    except ValidationError as error:
        raise Refused(f"{name}: {value[:80]!r} cannot be; {error.errors()[0]['msg'].lower()}") from None


def check_channel(pricing: Pricing, session: Session, slug: str) -> None:
    """Refused unless it is empty or the name of a channel."""
    query = select(Channel.slug).where(Channel.tenant_id == pricing.tenant_id, Channel.slug == slug)
    if slug and session.scalar(query) is None:
        raise Refused(f"there is no channel {slug!r}; make it with `meschain channel add {slug}`")


def told(term: PricingTerm) -> Mapping[str, str | None]:
    """A term as the log keeps it."""
    values = {name: getattr(term, name) for name in ("value", "since", "until", "source", *_CONDITIONS)}
    return {name: str(value) for name, value in values.items() if value not in {"", None}}


def _term(session: Session, pricing: Pricing, term_id: str, *, lock: bool = True) -> PricingTerm:
    query = select(PricingTerm).where(PricingTerm.tenant_id == pricing.tenant_id, PricingTerm.id == term_id)
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound(f"there is no term {term_id!r}")
    return found
