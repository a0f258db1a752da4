"""Use cases on bulletins of rates: keeping them, looking at them, deciding about those that are held.

A bulletin in which a rate moved by more than it may is held, and so is one that corrects another of the same day: what
was accepted before is used until a person has looked. How amounts are exchanged is told in `exchange`.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from commerce.errors import MesChainError, Refused
from connectors.fx.bulletin import Bulletin
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.audit.rules import Tag
from meschain.pricing.bulletins import find_corrections, find_jumps, in_force, newest, same, stored
from meschain.pricing.context import Pricing
from meschain.pricing.publication import IN_FORCE, publish_rates
from meschain.pricing.resolution import Sale, resolve
from meschain.pricing.service import stated_terms
from meschain.pricing.tables import BulletinStatus, RateBulletin
from meschain.pricing.terms import reference_terms
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction

log = logging.getLogger(__name__)
Place = tuple[date, str]
"""Day and source of a bulletin: where it stands in the list."""


def keep_bulletin(pricing: Pricing, bulletin: Bulletin, jump: Decimal | None = None) -> RateBulletin:
    """Keep what a bank published, unless it is there already; gives it as it is kept: accepted, held or rejected.

    Held is a bulletin in which a rate moved by more than `jump` per cent (None: the term `rate_jump`) since the one
    that is used before it, and one that differs from what is there of its day. The same again changes nothing. What is
    accepted reaches the lake.
    """
    jump = stated_jump(pricing) if jump is None else jump
    try:
        kept = _keep(pricing, bulletin, jump)
    except IntegrityError:  # somebody else has kept one of that day just now
        kept = _keep(pricing, bulletin, jump)
    publish_rates(pricing)
    return kept


def stated_jump(pricing: Pricing) -> Decimal:
    """By how many per cent a rate may move today before it is held: as stated, else as in the reference."""
    day = pricing.day_of(utc_now())
    found = resolve(reference_terms(), Sale(), day) | resolve(stated_terms(pricing), Sale(), day)
    return Decimal(found["rate_jump"].value)


def keep_history(pricing: Pricing, bulletins: Iterable[Bulletin]) -> int:
    """Keep bulletins of long ago as accepted, all or none; gives how many there were of days not there yet."""
    rows = [
        {
            "id": new_id(), "tenant_id": pricing.tenant_id, "source": each.source, "number": each.number,
            "day": each.day, "rates": stored(each.rates), "status": "accepted", "findings": [], "version": 1,
            "published": 0, "fetched_at": utc_now(),
        }
        for each in bulletins
    ]  # fmt: skip
    try:
        added = _add_missing(pricing, rows)
    except IntegrityError:  # as above
        added = _add_missing(pricing, rows)
    publish_rates(pricing)
    return added


def list_bulletins(
    pricing: Pricing,
    source: str | None = None,
    status: BulletinStatus | None = None,
    before: Place | None = None,
    limit: int | None = None,
) -> list[RateBulletin]:
    """The newest bulletins without their rates, the newest first, beginning after a place."""
    query = _of_tenant(pricing).options(defer(RateBulletin.rates), defer(RateBulletin.former))
    query = query.where(RateBulletin.source == source) if source is not None else query
    query = query.where(RateBulletin.status == status) if status is not None else query
    if before is not None:
        day, after = before
        query = query.where(
            or_(RateBulletin.day < day, (RateBulletin.day == day) & (RateBulletin.source > after))
        )  # fmt: skip
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(RateBulletin.day.desc(), RateBulletin.source).limit(limit)))


def get_bulletin(pricing: Pricing, source: str, day: date) -> RateBulletin:
    """The bulletin of that day; NotFound if none is kept."""
    with reading(pricing.engine) as session:
        found = session.scalars(_of_day(pricing, source, day)).one_or_none()
    return _there(found, source, day)


def decide_bulletin(
    pricing: Pricing, source: str, day: date, *, accept: bool, note: str = "", version: int | None = None
) -> RateBulletin:
    """Let a held bulletin be used, or not; a correction that is rejected leaves in use what was.

    Refused when it is not held, ChangedMeanwhile when it is not of that `version` any more.
    """
    with transaction(pricing.engine) as session:
        row = _there(session.scalars(_of_day(pricing, source, day).with_for_update()).one_or_none(), source, day)
        if row.status != "held":
            raise Refused(f"The rates of {source} of {day} are {row.status}: only held ones can be decided.")
        if version is not None and row.version != version:
            raise ChangedMeanwhile(f"{source} published other rates of {day} meanwhile; look at them and try again")
        before = _told(row)
        row.status, row.version = "accepted" if accept else "rejected", row.version + 1
        row.former = None if accept else row.former
        row.decided_by, row.decided_at, row.decision_note = str(pricing.actor), utc_now(), note or None
        tag = Tag.BULLETIN_ACCEPTED if accept else Tag.BULLETIN_REJECTED
        pricing.record(session, tag, _target(row), before=before, after=_told(row))
    try:
        publish_rates(pricing)
    except MesChainError as error:
        log.warning("The rates of %s of %s are not in the lake yet, the next refresh does it: %s", source, day, error)
    return row


def _keep(pricing: Pricing, bulletin: Bulletin, jump: Decimal) -> RateBulletin:
    """The bulletin as it is kept; IntegrityError when another transaction keeps one of that day."""
    with transaction(pricing.engine) as session:
        query = _of_day(pricing, bulletin.source, bulletin.day).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is not None and same(newest(row), bulletin):
            return row
        used = in_force(row) if row is not None else None
        if row is not None and used is not None and same(used, bulletin):
            return _withdraw(session, pricing, row) if row.status == "held" else row
        earlier = _newest_before(session, pricing, bulletin)
        findings = find_jumps(earlier, bulletin, jump) if earlier is not None else []
        if row is None:
            row = RateBulletin(source=bulletin.source, day=bulletin.day, status="held" if findings else "accepted")
            row.version, before = 1, None
            session.add(row)
        else:
            before = _told(row)
            findings = [*find_corrections(newest(row), bulletin), *findings]
            row.former = {"number": used.number, "rates": stored(used.rates)} if used is not None else None
            row.status, row.version, row.fetched_at = "held", row.version + 1, utc_now()
            row.decided_by = row.decided_at = row.decision_note = None
        row.number, row.rates = bulletin.number, stored(bulletin.rates)
        row.findings = [dict(finding) for finding in findings]
        session.flush()
        if row.status == "held":
            pricing.record(session, Tag.BULLETIN_HELD, _target(row), before=before, after=_told(row))
        return row


def _withdraw(session: Session, pricing: Pricing, row: RateBulletin) -> RateBulletin:
    """The bank says again what it had said before it corrected itself, which is in use: nothing is left to decide."""
    before, former = _told(row), row.former or {}
    row.number, row.rates, row.former = former["number"], former["rates"], None
    row.status, row.findings, row.version, row.fetched_at = "accepted", [], row.version + 1, utc_now()
    row.decided_by = row.decided_at = row.decision_note = None
    pricing.record(session, Tag.BULLETIN_REJECTED, _target(row), before=before, after=_told(row))
    return row


def _add_missing(pricing: Pricing, rows: Sequence[dict[str, object]]) -> int:
    with transaction(pricing.engine) as session:
        of_ours = RateBulletin.tenant_id == pricing.tenant_id
        known = {tuple(each) for each in session.execute(select(RateBulletin.source, RateBulletin.day).where(of_ours))}
        missing = {(row["source"], row["day"]): row for row in rows}
        added = [row for place, row in missing.items() if place not in known]
        if added:
            session.execute(insert(RateBulletin), added)
    return len(added)


def _newest_before(session: Session, pricing: Pricing, bulletin: Bulletin) -> Bulletin | None:
    """What is used of the bank's last day before it."""
    query = _of_tenant(pricing).where(RateBulletin.source == bulletin.source, RateBulletin.day < bulletin.day, IN_FORCE)
    found = session.scalars(query.order_by(RateBulletin.day.desc()).limit(1)).one_or_none()
    return in_force(found) if found is not None else None


def _of_tenant(pricing: Pricing) -> Select[tuple[RateBulletin]]:
    return select(RateBulletin).where(RateBulletin.tenant_id == pricing.tenant_id)


def _of_day(pricing: Pricing, source: str, day: date) -> Select[tuple[RateBulletin]]:
    return _of_tenant(pricing).where(RateBulletin.source == source, RateBulletin.day == day)


def _there(row: RateBulletin | None, source: str, day: date) -> RateBulletin:
    if row is None:
        raise NotFound(f"no rates of {source} of {day} are kept; see which there are with `meschain rate list`")
    return row


def _target(row: RateBulletin) -> str:
    return f"rates {row.source} {row.day}"


def _told(row: RateBulletin) -> dict[str, object]:
    """What the log is told of a bulletin."""
    return {"number": row.number, "status": row.status, "findings": row.findings}
