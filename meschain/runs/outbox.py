"""A runner's side of the triggers: take one, say that it lives, say how it ended, and take over from the dead.

Every step is one conditional write, so that two runners never have the same trigger in hand. Knows no Prefect.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Update, or_, select, update
from sqlalchemy.exc import IntegrityError

from meschain.runs.service import ENDED, LEASE, PREFECT
from meschain.runs.tables import Runner, Trigger, TriggerState
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant

MOST_ATTEMPTS = 3
"""How often a trigger is begun before it is given up: a flow that kills its runner must not kill it for ever."""


class Outbox:
    """The triggers as the runner called `runner` sees them.

    No two living processes may have the same name: whatever a name had in hand when it registers was left by its
    dead predecessor.
    """

    def __init__(self, engine: Engine, runner: str, lease: timedelta = LEASE) -> None:
        self.engine = of_every_tenant(engine)
        self.runner = runner
        self._lease = lease

    def register(self) -> None:
        """Come to life."""
        now = utc_now()
        with transaction(self.engine) as session:
            session.merge(Runner(name=self.runner, started_at=now, seen_at=now, stopped_at=None))

    def beat(self) -> None:
        """Say that this runner lives; to be called well within the lease."""
        with transaction(self.engine) as session:
            session.execute(update(Runner).where(Runner.name == self.runner).values(seen_at=utc_now()))

    def sign_off(self) -> None:
        """Say that this runner ends in order."""
        with transaction(self.engine) as session:
            session.execute(update(Runner).where(Runner.name == self.runner).values(stopped_at=utc_now()))

    def claim(self, most: int) -> list[Trigger]:
        """Take up to `most` queued triggers in hand, the oldest first."""
        queued = select(Trigger).where(Trigger.state == "queued").order_by(Trigger.requested_at, Trigger.id)
        with reading(self.engine) as session:  # asked several times a second: no write lock for nothing
            if most < 1 or session.scalars(queued.limit(1)).one_or_none() is None:
                return []
        with transaction(self.engine) as session:
            taken = list(session.scalars(queued.limit(most).with_for_update(skip_locked=True)))
            for found in taken:
                self._begin(found)
        return taken

    def adopt(self, flow_run_id: str, flow: str, parameters: Mapping[str, Any]) -> Trigger | None:
        """Take in hand a flow run that Prefect asked for; None if another runner has it.

        One that ended before is taken again: somebody pressed Retry in Prefect, whoever had asked for it first.
        """
        query = select(Trigger).where(Trigger.flow_run_id == flow_run_id).with_for_update()
        try:
            with transaction(self.engine) as session:
                found = session.scalars(query).one_or_none()
                if found is None:
                    found = Trigger(
                        flow=flow, origin="prefect", requested_by=PREFECT, flow_run_id=flow_run_id, attempts=0
                    )
                    session.add(found)
                elif found.state not in ENDED:
                    return None
                found.parameters, found.requested_by, found.request_id = dict(parameters), PREFECT, None
                self._begin(found)
        except IntegrityError:  # another runner wrote the same row a moment before
            return None
        return found

    def attach(self, trigger_id: str, flow_run_id: str) -> None:
        """Note the flow run of the present attempt, before it runs."""
        with transaction(self.engine) as session:
            session.execute(self._mine(trigger_id).values(flow_run_id=flow_run_id))

    def finish(self, trigger_id: str, state: TriggerState, outcome: Mapping[str, Any], message: str | None) -> bool:
        """Write how it ended; False if it was taken from us meanwhile, because we seemed dead."""
        ended = self._mine(trigger_id).values(
            state=state, outcome=dict(outcome), message=message, finished_at=utc_now(), runner=None
        )
        with transaction(self.engine) as session:
            return session.execute(ended.returning(Trigger.id)).first() is not None

    def list_unwanted(self) -> list[str]:
        """Flow runs that this runner has in hand and whose end somebody asked for."""
        unwanted = select(Trigger.flow_run_id).where(self._in_hand(), Trigger.cancel_requested_at.is_not(None))
        with reading(self.engine) as session:
            return [flow_run_id for flow_run_id in session.scalars(unwanted) if flow_run_id is not None]

    def put_back(self, trigger_id: str, *, counted: bool) -> None:
        """Queue it again, for whoever comes; `counted` is whether the attempt counts against it."""
        again = self._mine(trigger_id).values(
            state="queued", runner=None, flow_run_id=None, attempts=Trigger.attempts - (0 if counted else 1)
        )
        with transaction(self.engine) as session:
            session.execute(again)

    def take_over(self) -> list[Trigger]:
        """Take in hand what runners have that were not seen for longer than the lease, or that ended.

        Gives it together with everything this runner has in hand: what of that it does not execute was left by a
        predecessor of the same name, or by a failure.
        """
        unseen = or_(Runner.seen_at < utc_now() - self._lease, Runner.stopped_at.is_not(None))
        dead = select(Runner.name).where(unseen, Runner.name != self.runner)
        orphans = select(Trigger).where(Trigger.state == "started", Trigger.runner.in_(dead))
        with reading(self.engine) as session:
            orphaned = session.scalars(orphans.limit(1)).one_or_none() is not None
        if orphaned:
            with transaction(self.engine) as session:
                for found in session.scalars(orphans.with_for_update(skip_locked=True)):
                    found.runner = self.runner
        with reading(self.engine) as session:
            return list(session.scalars(select(Trigger).where(self._in_hand())))

    def _begin(self, found: Trigger) -> None:
        found.state, found.runner, found.attempts = "started", self.runner, found.attempts + 1
        found.started_at, found.finished_at, found.outcome, found.message = utc_now(), None, {}, None

    def _in_hand(self) -> ColumnElement[bool]:
        return (Trigger.state == "started") & (Trigger.runner == self.runner)

    def _mine(self, trigger_id: str) -> Update:
        return update(Trigger).where(Trigger.id == trigger_id, self._in_hand())
