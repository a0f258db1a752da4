"""What the store says about its tenants, for who looks after the installation. Reads only; judges nothing."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from meschain.access.tables import Tenant
from meschain.catalog.absence import feed_state
from meschain.catalog.profile import Absence
from meschain.catalog.tables import FeedProfile, Run, Supplier
from meschain.operations.doctor import Feed
from meschain.operations.store_tables import stored_secrets
from meschain.runs.service import live_runners
from meschain.runs.tables import Trigger
from meschain.store.base import utc_now
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant

_SECRET = f"{Supplier.__tablename__}.{Supplier.source_secret.key}"


@dataclass(frozen=True, slots=True)
class Records:
    """What is recorded of all tenants."""

    tenants: list[str]
    feeds: dict[str, list[Feed]]
    """By tenant: how the feed of each supplier stands."""
    sealed: dict[str, bytes]
    """Everything that the vault has sealed, by its place; the secret of a supplier by `acme/toys`."""
    imported: set[str]
    """Tenants of which a run was applied: they have a lake."""
    statuses: dict[tuple[str, str], str]
    """Status of every run, by tenant and run."""
    newest: datetime | None
    """The latest moment at which a run began or ended."""
    runners: list[str]
    """Flow runners that work now."""
    waiting: int
    """Triggers that no runner has taken in hand yet."""


def read_records(engine: Engine) -> Records:
    """One view of everything the store records."""
    with reading(of_every_tenant(engine)) as session:
        tenants = {tenant.id: tenant.slug for tenant in session.scalars(select(Tenant).order_by(Tenant.slug))}
        feeds: dict[str, list[Feed]] = {slug: [] for slug in tenants.values()}
        sealed = dict(stored_secrets(session))
        feed_of = _Feeds(session)
        for supplier in session.scalars(select(Supplier).order_by(Supplier.slug)):
            tenant = tenants[supplier.tenant_id]
            if supplier.active:
                feeds[tenant].append(feed_of(supplier))
            if supplier.source_secret is not None:
                sealed[f"{tenant}/{supplier.slug}"] = sealed.pop(f"{_SECRET} {supplier.id}")
        runs = session.execute(select(Run.tenant_id, Run.id, Run.status)).tuples().all()
        waiting = session.scalar(select(func.count()).where(Trigger.state == "queued")) or 0
        moments = session.execute(select(func.max(Run.started_at), func.max(Run.finished_at))).tuples().one()
    return Records(
        tenants=list(feeds),
        feeds=feeds,
        sealed=sealed,
        imported={tenants[tenant] for tenant, _, status in runs if status == "applied"},
        statuses={(tenants[tenant], run): status for tenant, run, status in runs},
        newest=max((moment for moment in moments if moment is not None), default=None),
        runners=[runner.name for runner in live_runners(engine)],
        waiting=waiting,
    )


class _Feeds:
    """How feeds stand, from a few queries over all suppliers."""

    def __init__(self, session: Session) -> None:
        newest = select(func.max(Run.id)).group_by(Run.supplier_id)
        good = select(Run.supplier_id, func.max(Run.finished_at)).where(
            Run.kind == "sync", Run.status.in_(("applied", "unchanged"))
        )
        held = select(Run).where(Run.status == "held").order_by(Run.id)
        self._last = {run.supplier_id: run for run in session.scalars(select(Run).where(Run.id.in_(newest)))}
        self._good = dict(session.execute(good.group_by(Run.supplier_id)).tuples().all())
        self._held = {run.supplier_id: run for run in session.scalars(held)}
        self._grace: defaultdict[str, Absence] = defaultdict(Absence)
        for profile in session.scalars(select(FeedProfile).order_by(FeedProfile.version)):
            self._grace[profile.supplier_id] = Absence.model_validate(profile.body.get("absence", {}))

    def __call__(self, supplier: Supplier) -> Feed:
        held, last = self._held.get(supplier.id), self._last.get(supplier.id)
        grace = self._grace[supplier.id]
        state = feed_state(held, self._good.get(supplier.id), supplier.every_minutes, grace, utc_now())
        failure = last.error or "no reason is known" if last is not None and last.status == "failed" else None
        return Feed(supplier.slug, state, held.id if held else None, failure)
