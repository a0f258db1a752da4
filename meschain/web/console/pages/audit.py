"""Pages of the audit log: a search, and one entry with what proves it."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Path, Response

from meschain.access import tenants, users
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.audit import api, notes, proofs, search
from meschain.audit.checkpoints import list_verifiers, newest_checkpoint
from meschain.audit.merkle import BadProof, leaf_hash, verify_inclusion
from meschain.audit.tables import Checkpoint, Entry
from meschain.store.session import reading
from meschain.web.console.language import N_
from meschain.web.console.pages.rows import paging
from meschain.web.console.places import PAGES
from meschain.web.console.views import audit as views
from meschain.web.console.views.page import Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Reader = Annotated[Visit, Entered(Permission.AUDIT_READ)]
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
_ASKED = ("tag", "actor", "target", "since", "until")


@router.get(PAGES["audit"])
def find_entries(visit: Reader) -> Response:
    """Entries that fit, the newest first."""
    given = {name: visit.asked(name)[:200] for name in _ASKED}
    wanted, errors = _wanted(visit, given)
    asked = api.EntryQuery.model_validate({**wanted, "cursor": visit.asked("cursor") or None})
    found = api.find_entries(visit.request, Response(), visit.who, asked)
    newest = _newest(visit)
    view = views.Audit(
        entries=tuple(_row(visit, each) for each in found.items), form=Form(values=given, errors=errors),
        size=newest.size if newest is not None else 0, checkpoint_at=newest.at if newest is not None else None,
        paging=paging(visit, found.next),
    )  # fmt: skip
    return visit.show(view)


@router.get(PAGES["audit-entry"])
def show_entry(visit: Reader, sequence: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """One entry of the tenant, by its number among the tenant's own, with its proof."""
    audit, who = visit.house.audit, visit.who
    entry = search.find_by_number(audit, who.tenant_id, sequence)
    if entry is None:
        raise NotFound(f"there is no entry {sequence}")
    body = msgspec.json.decode(entry.body)
    view = views.AuditEntry(
        row=_row(visit, api.EntryOut.of(entry)), changes=tuple(_changes(body)), facts=_facts(body),
        personal=_personal(visit, entry.index), body=entry.body, proof=_proof(visit, entry),
    )  # fmt: skip
    return visit.show(view)


def _wanted(visit: Visit, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is to be found, and what of it cannot be: a day that is none, somebody whom nobody knows."""
    wanted: dict[str, Any] = {name: given[name] or None for name in ("tag", "target")}
    errors: dict[str, str] = {}
    zone = ZoneInfo(tenants.get_tenant(visit.access.engine, visit.who.tenant).time_zone)
    for name, later in (("since", 0), ("until", 1)):  # days as people say them: to the end of the last one
        try:
            day = date.fromisoformat(given[name]) if given[name] else None
            if day is not None and not _FIRST <= day <= _LAST:
                raise ValueError(given[name])
            wanted[name] = datetime.combine(day + timedelta(days=later), time(), zone) if day is not None else None
        except ValueError:
            errors[name] = N_("Give a day, such as 2026-11-27.")
    wanted["actor"] = _actor(visit, given["actor"])
    return wanted, errors


def _actor(visit: Visit, given: str) -> str | None:
    """Who is meant: a member by name or address, else what is given."""
    if not given:
        return None
    people = users.list_members(visit.access, visit.who.tenant_id)
    same = [person.id for person in people if given.casefold() in {person.name.casefold(), person.email.casefold()}]
    return same[0] if same else given


def _newest(visit: Visit) -> Checkpoint | None:
    with reading(visit.house.audit.everywhere) as session:
        return newest_checkpoint(session)


def _row(visit: Visit, entry: api.EntryOut) -> views.EntryRow:
    return views.EntryRow(
        sequence=entry.sequence or 0, at=entry.at, tag=entry.tag, actor=visit.name_of(entry.actor),
        target=entry.target,
    )  # fmt: skip


def _changes(body: dict[str, Any]) -> Iterator[views.ValueChange]:
    """What was, and what is, value by value."""
    before, after = _values(body["before"]), _values(body["after"])
    for name in dict.fromkeys([*before, *after]):
        yield views.ValueChange(name, before.get(name), after.get(name))


def _values(said: object) -> dict[str, str | None]:
    if said is None:
        return {}
    values = said if isinstance(said, dict) else {"": said}
    return {name: None if value is None else _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _facts(body: dict[str, Any]) -> dict[str, str]:
    return {name: _text(body[name]) for name in ("request", "flow_run") if body.get(name)}


def _personal(visit: Visit, index: int) -> dict[str, str] | None:
    """What it says of persons, for who may read that: which is written down. None once the key is gone."""
    if not visit.who.policy.allows(Permission.PERSONAL_READ):
        return {}
    shown = search.show_entry(visit.house.audit, visit.who.actor, visit.who.tenant_id, index, personal=True)
    if shown.personal and all(told is None for told in shown.personal.values()):
        return None
    return {name: _text(value) for told in shown.personal.values() for name, value in (told or {}).items()}


def _proof(visit: Visit, entry: Entry) -> views.Proof:
    """The proof under the newest checkpoint, checked."""
    found = proofs.prove_inclusion(visit.house.audit, entry.index)
    hashed = leaf_hash(entry.body.encode())
    try:
        signed_root = notes.open_checkpoint(found.note, list_verifiers(visit.house.audit))[0].root
        verify_inclusion(entry.index, found.size, hashed, found.proof, signed_root)
        state: views.ProofState = "proved"
    except (BadProof, notes.BadNote):
        state = "broken"
    with reading(visit.house.audit.everywhere) as session:
        signed = session.get(Checkpoint, found.size)
    return views.Proof(
        state=state, index=entry.index, leaf_hash=_encoded(hashed), size=found.size, note=found.note,
        checkpoint_at=signed.at if signed is not None else None, path=tuple(_encoded(each) for each in found.proof),
    )  # fmt: skip


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()
