"""Use cases around triggers: ask for a flow to run, wait for it, look at what was asked. Nothing here knows Prefect.

A trigger is a row: it outlives the restart of every process, and whichever flow runner lives carries it out.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, or_, select
from sqlalchemy.exc import IntegrityError

from commerce.errors import Refused, Transient
from meschain.access.rules import NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Actor, Tag, system
from meschain.audit.service import AuditLog
from meschain.runs.tables import Runner, Trigger, TriggerState
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction

LEASE = timedelta(seconds=30)
"""For how long a runner that has not been seen is taken to live."""

PREFECT = "prefect"
"""Who asked for what Prefect itself started."""
ENDED = ("finished", "failed", "crashed", "cancelled")
NOTE = "note"
"""The parameter in which people write what they like, names too: no leaf of the log holds it in clear."""
_UNKNOWN = "there is no trigger {!r}; it was never asked for here, or has been cleared away"
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0
"""For how long a wish waits for a runner that begins: on a busy machine that takes half a minute."""


class KeyReused(Refused):
    """A wish came under the idempotency key of another one."""


def trigger(
    engine: Engine,
    flow: str,
    parameters: Mapping[str, Any],
    *,
    log: AuditLog,
    actor: Actor,
    idempotency_key: str | None = None,
) -> Trigger:
    """Ask for a run of the flow of that name (such as `sync-catalog`) on behalf of the actor and its tenant.

    The flow's own parameter types decide whether they fit, when the run begins: a misfit ends as `failed`. The same
    wish under the same `idempotency_key` gives the trigger there is; raises KeyReused when it is another wish.
    """
    return _ask(engine, _wish(flow, parameters, actor, idempotency_key), log, actor, Tag.FLOW_RUN_REQUESTED, {})


def retry(
    engine: Engine,
    trigger_id: str,
    parameters: Mapping[str, Any],
    *,
    log: AuditLog,
    actor: Actor,
    idempotency_key: str | None = None,
) -> Trigger:
    """Ask for another run of what has ended, on behalf of whoever asks now; `parameters` are the former ones, checked.

    Refused when it has not ended. Keys as for `trigger`.
    """
    former = get_trigger(engine, trigger_id)
    if former.state not in ENDED:
        raise Refused(f"this run has not ended yet, it is {former.state}; cancel it first, or wait for its end")
    wish = _wish(former.flow, parameters, actor, idempotency_key)
    return _ask(engine, wish, log, actor, Tag.FLOW_RUN_RETRIED, {"former": trigger_id})


def find_wish(engine: Engine, tenant_id: str | None, key: str | None) -> Trigger | None:
    """What the tenant asked for under that idempotency key."""
    if key is None:
        return None
    with reading(engine) as session:
        query = select(Trigger).where(Trigger.tenant_id == tenant_id, Trigger.idempotency_key == key)
        return session.scalars(query).one_or_none()


def _wish(flow: str, parameters: Mapping[str, Any], actor: Actor, key: str | None) -> Trigger:
    return Trigger(
        id=new_id(), flow=flow, parameters=dict(parameters), requested_by=str(actor), tenant_id=actor.tenant_id,
        request_id=actor.request_id, idempotency_key=key,
    )  # fmt: skip


def _ask(engine: Engine, wish: Trigger, log: AuditLog, actor: Actor, tag: Tag, told: Mapping[str, str]) -> Trigger:
    """Write the wish down, and that it was made; gives the one that has its key already, if it is the same."""
    plain = {name: value for name, value in wish.parameters.items() if name != NOTE}
    after = {"flow": wish.flow, "parameters": json.dumps(plain, sort_keys=True, ensure_ascii=False), **told}
    note, writer = wish.parameters.get(NOTE), actor.data_subject
    personal = {writer: {NOTE: str(note)}} if note and writer else None
    try:
        with transaction(engine) as session:
            session.add(wish)
            log.record(session, tag, actor, target=f"trigger {wish.id}", after=after, personal=personal)
    except IntegrityError:
        found = find_wish(engine, wish.tenant_id, wish.idempotency_key)
        if found is None:
            raise
        check_same(found, wish.flow, wish.parameters)
        return found
    return wish


def check_same(found: Trigger, flow: str, parameters: Mapping[str, Any]) -> None:
    """Raise KeyReused unless what was asked for under a key is this."""
    if (found.flow, found.parameters) != (flow, parameters):
        key = found.idempotency_key
        raise KeyReused(
            f"the idempotency key {key!r} belongs to another request; send a new key with a new request"
        ) from None


def get_trigger(engine: Engine, trigger_id: str) -> Trigger:
    """The trigger as it stands now; NotFound if there is none of that id."""
    with reading(engine) as session:
        found = session.get(Trigger, trigger_id)
    if found is None:
        raise NotFound(_UNKNOWN.format(trigger_id))
    return found


def find_by_flow_run(engine: Engine, flow_run_id: str | None) -> Trigger | None:
    """The wish that a flow run fulfils; None for one that was not asked for here."""
    if flow_run_id is None:
        return None
    with reading(engine) as session:
        return session.scalars(select(Trigger).where(Trigger.flow_run_id == flow_run_id)).one_or_none()


def find_newest(engine: Engine, flow: str, parameter: str, value: str) -> Trigger | None:
    """The newest wish for a run of the flow in which the parameter has that value."""
    query = select(Trigger).where(Trigger.flow == flow, Trigger.parameters[parameter].as_string() == value)
    with reading(engine) as session:
        return session.scalars(query.order_by(Trigger.id.desc()).limit(1)).one_or_none()


def asker_of(engine: Engine, flow_run_id: str | None) -> Actor:
    """Who asked for a flow run, as far as it was asked for here; Prefect itself, if nobody did.

    It is no parameter of the flow: who starts one could claim to be anybody.
    """
    if flow_run_id is None:
        return system("flows")
    found = find_by_flow_run(engine, flow_run_id)
    if found is None or found.requested_by == PREFECT:
        return system(PREFECT, flow_run_id)
    asker = Actor.parse(found.requested_by)
    return replace(asker, tenant_id=found.tenant_id, request_id=found.request_id, flow_run_id=flow_run_id)


def wait(
    engine: Engine, trigger_id: str, *, seconds: float | None = None, tell: Callable[[Trigger], None] | None = None
) -> Trigger:
    """The trigger once it has ended, well or not; `tell` hears of it at every look.

    Raises Transient when `seconds` are over, or when it is queued and no runner lives. The trigger stays as it is.
    """
    begun = time.monotonic()
    while True:
        found = get_trigger(engine, trigger_id)
        if tell is not None:
            tell(found)
        if found.state in ENDED:
            return found
        waited = time.monotonic() - begun
        if seconds is not None and waited > seconds:
            raise Transient(f"{found.flow} has not ended after {seconds:g} s; it goes on (trigger {trigger_id})")
        if found.state == "queued" and waited > _PATIENCE_SECONDS and not live_runners(engine):
            raise Transient(
                f"no flow runner works here: start the platform with `meschain up`; {found.flow} stays queued "
                f"(trigger {trigger_id}) and runs then"
            )
        time.sleep(_POLL_SECONDS)


def list_triggers(
    engine: Engine,
    limit: int = 20,
    *,
    before: str | None = None,
    flow: str | None = None,
    state: TriggerState | None = None,
    scopes: Scopes | None = None,
) -> list[Trigger]:
    """The newest triggers, newest first, with the runs that Prefect itself asked for.

    `before` is the id of the last one seen, for the next page; with `scopes`, only those for suppliers to be seen.
    """
    query = select(Trigger).order_by(Trigger.id.desc()).limit(limit)
    query = query.where(Trigger.id < before) if before is not None else query
    query = query.where(Trigger.flow == flow) if flow is not None else query
    query = query.where(Trigger.state == state) if state is not None else query
    query = query.where(visible(Trigger.parameters["supplier"].as_string(), scopes))
    with reading(engine) as session:
        return list(session.scalars(query))


def cancel(engine: Engine, trigger_id: str, *, log: AuditLog, actor: Actor) -> Trigger:
    """Ask for the end of a run: one that waits ends at once, one under way as soon as its runner can end it.

    Refused when it has ended already.
    """
    with transaction(engine) as session:
        found = session.get(Trigger, trigger_id, with_for_update=True)
        if found is None:
            raise NotFound(_UNKNOWN.format(trigger_id))
        if found.state in ENDED:
            raise Refused(f"this run has ended already, as {found.state}")
        if found.cancel_requested_at is None:
            found.cancel_requested_at = utc_now()
            log.record(session, Tag.FLOW_RUN_CANCELLED, actor, target=f"trigger {trigger_id}")
        if found.state == "queued":
            found.state, found.finished_at, found.message = "cancelled", utc_now(), "Cancelled before it began."
    return found


def live_runners(engine: Engine, lease: timedelta = LEASE) -> list[Runner]:
    """The flow runners that work now, by name."""
    with reading(engine) as session:
        query = select(Runner).where(Runner.stopped_at.is_(None), Runner.seen_at > utc_now() - lease)
        return list(session.scalars(query.order_by(Runner.name)))


def clear_triggers(engine: Engine, before: datetime) -> int:
    """Forget triggers that ended before that moment, and runners not seen since; gives the number of triggers."""
    with transaction(engine) as session:
        gone = session.execute(
            delete(Trigger).where(Trigger.state.in_(ENDED), Trigger.finished_at < before).returning(Trigger.id)
        ).all()
        kept = select(Trigger.runner).where(Trigger.runner.is_not(None))
        dead = or_(Runner.stopped_at < before, Runner.seen_at < before)
        session.execute(delete(Runner).where(dead, Runner.name.not_in(kept)))
    return len(gone)
