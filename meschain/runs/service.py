"""Use cases around triggers: ask for a flow to run, wait for it, look at what was asked. Nothing here knows Prefect.

A trigger is a row: it outlives the restart of every process, and whichever flow runner lives carries it out.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, or_, select

from commerce.errors import Refused, Transient
from meschain.runs.tables import Runner, Trigger
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

LEASE = timedelta(seconds=30)
"""For how long a runner that has not been seen is taken to live."""

ENDED = ("finished", "failed", "crashed", "cancelled")
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 20.0


def trigger(
    engine: Engine, flow: str, parameters: Mapping[str, Any], *, requested_by: str, tenant_id: str | None = None
) -> str:
    """Ask for a run of the flow of that name (such as `sync-catalog`); gives the trigger's id.

    The flow's own parameter types decide whether they fit, when the run begins: a misfit ends as `failed`.
    """
    wish = Trigger(flow=flow, parameters=dict(parameters), requested_by=requested_by, tenant_id=tenant_id)
    with transaction(engine) as session:
        session.add(wish)
    return wish.id


def get_trigger(engine: Engine, trigger_id: str) -> Trigger:
    """The trigger as it stands now; Refused if there is none of that id."""
    with reading(engine) as session:
        found = session.get(Trigger, trigger_id)
    if found is None:
        raise Refused(f"there is no trigger {trigger_id!r}; it was never asked for here, or has been cleared away")
    return found


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


def list_triggers(engine: Engine, limit: int = 20) -> list[Trigger]:
    """The newest triggers, newest first, with the runs that Prefect itself asked for."""
    with reading(engine) as session:
        return list(session.scalars(select(Trigger).order_by(Trigger.id.desc()).limit(limit)))


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
