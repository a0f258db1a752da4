"""Use case: remove one tenant with everything that is kept of it. Nothing of another is touched; the audit log stays.

Its folders are first moved out of sight, each in one step, then every row goes in one transaction, and then the bytes
are removed. Killed at any moment, the same command brings it to its end: a note in the data folder says what was begun.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, ForeignKeyConstraint, Table, delete, exists, or_, select, tuple_
from sqlalchemy.orm import aliased

from commerce.errors import Permanent, Refused
from meschain.access.tables import Link, Membership, Tenant
from meschain.access.tenants import get_tenant, list_tenants
from meschain.audit.rules import Tag
from meschain.catalog.context import supplier_lock
from meschain.catalog.tables import Supplier
from meschain.operations.context import Operations, local_data, slugs
from meschain.operations.folder import sync_folder, write_whole
from meschain.operations.store_tables import check_known_tables, overwrite_freed
from meschain.runs.service import LEASE
from meschain.runs.tables import Runner, Trigger
from meschain.settings import private_dir
from meschain.store.base import Base, utc_now
from meschain.store.loading import flush
from meschain.store.session import reading, transaction
from warehouse import copying
from warehouse.lake import files_lock

KEPT = frozenset({"audit_entries", "audit_payloads"})
"""Tables whose rows outlive their tenant: the log is only ever appended to, and proves what happened."""
_FOLDER = "removing"
_NOTE = "tenant.json"
_ASIDE = ".removing-"
"""What the tenant's folder is called, with its id, where the lakes' files lie outside the data folder."""
_TENANTS = Tenant.__tablename__


class _Note(msgspec.Struct, frozen=True):
    """Which tenant is being removed."""

    slug: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed: rows by table; and the users who now belong to no tenant at all."""

    rows: dict[str, int]
    homeless: list[str]
    finished: bool = False
    """Whether only what an earlier, interrupted removal had left was still to be done."""


def remove_tenant(operations: Operations, slug: str, *, kept: Collection[str] = KEPT) -> Removal:
    """Remove the tenant, its rows, lake, files and reports, except the rows of the tables that are `kept`.

    Refused when there is no such tenant, and (Busy) while one of its runs, a backup or an export is under way.
    """
    holder = f"removal of {slug}"
    with operations.exclusive(f"removal-{slug}", holder):
        begun = _begun(operations, slug)
        if begun and slug not in slugs(list_tenants(operations.engine)):
            for folder in begun:
                _remove_bytes(operations, folder)
            return Removal({}, [], finished=True)
        tenant = get_tenant(operations.engine, slug)
        with (
            operations.exclusive(files_lock(slug), holder),
            operations.lakes_still([slug], holder),
            operations.all_exclusive(_suppliers(operations, tenant), holder, wait=False),
        ):
            _check_idle(operations, tenant)
            _check_removable(operations, slug)
            folder = private_dir(operations.settings.home / _FOLDER / tenant.id)
            write_whole(folder / _NOTE, msgspec.json.encode(_Note(slug)))
            sync_folder(folder.parent)
            _move_away(operations, slug, folder)
            removal = _delete_rows(operations, tenant, kept)
            flush(operations.engine)
            for each in {folder, *begun}:
                _remove_bytes(operations, each)
    return removal


def _begun(operations: Operations, slug: str) -> list[Path]:
    """What removals of a tenant of that name have left, because they were killed."""
    folder = operations.settings.home / _FOLDER
    notes = [(path.parent, msgspec.json.decode(path.read_bytes(), type=_Note)) for path in folder.glob(f"*/{_NOTE}")]
    return [place for place, note in notes if note.slug == slug]


def _suppliers(operations: Operations, tenant: Tenant) -> list[str]:
    """Names of the locks of the tenant's suppliers."""
    with reading(operations.everywhere) as session:
        found = session.scalars(select(Supplier.slug).where(Supplier.tenant_id == tenant.id))
        return [supplier_lock(tenant.slug, supplier) for supplier in found]


def _check_idle(operations: Operations, tenant: Tenant) -> None:
    """Refused while a flow that was asked for runs for the tenant."""
    with reading(operations.everywhere) as session:
        alive = select(Runner.name).where(Runner.seen_at >= utc_now() - LEASE, Runner.stopped_at.is_(None))
        at_work = (Trigger.tenant_id == tenant.id, Trigger.state == "started", Trigger.runner.in_(alive))
        flow = session.scalars(select(Trigger.flow).where(*at_work).limit(1)).first()
    if flow is not None:
        raise Refused(f"{flow} is running for {tenant.slug}; wait until it ends, or cancel it, and try again")


def _check_removable(operations: Operations, slug: str) -> None:
    """Refused when not everything could be removed: what cannot be known is known before anything is touched."""
    local_data(operations.lake(slug))
    with reading(operations.everywhere) as session:
        check_known_tables(session.connection())


def _move_away(operations: Operations, slug: str, folder: Path) -> None:
    """Take the tenant's folders out of the places where they would be found, each in one step."""
    lake = operations.lake(slug)
    own = local_data(lake).parent
    places = [("lake", operations.settings.home / "lake" / slug), *operations.kept_folders(slug).items()]
    for kind, place in places:
        _move(place, folder / kind)
    _move(own, own.parent / f"{_ASIDE}{folder.name}")  # it was not there if it lay below home
    if lake.catalog_url:
        copying.remove_catalog(lake)


def _move(place: Path, target: Path) -> None:
    """Move a folder, if it is there, beside what an earlier attempt has moved to the same place."""
    number = 0
    while target.exists():
        number += 1
        target = target.with_name(f"{target.name.partition('+')[0]}+{number}")
    try:
        place.rename(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Permanent(f"{place} cannot be moved: {error.strerror}; run the same again when it can") from error
    sync_folder(place.parent)
    sync_folder(target.parent)


def _delete_rows(operations: Operations, tenant: Tenant, kept: Collection[str]) -> Removal:
    with transaction(operations.everywhere) as session:
        overwrite_freed(session)
        session.get(Tenant, tenant.id, with_for_update=True)  # whoever is about to add something waits, and finds none
        others = aliased(Membership)
        alone = select(Membership.user_id).where(
            Membership.tenant_id == tenant.id,
            ~exists().where(others.user_id == Membership.user_id, others.tenant_id != tenant.id),
        )
        invited = select(Link.user_id).where(
            Link.tenant_id == tenant.id,
            Link.email_token.is_not(None),
            ~exists().where(others.user_id == Link.user_id, others.tenant_id != tenant.id),
        )
        homeless = sorted({*session.scalars(alone), *session.scalars(invited)})
        rows: dict[str, int] = {}
        for table, condition in reversed(_owned(tenant.id, kept).items()):
            gone = session.connection().execute(delete(table).where(condition)).rowcount
            if gone:
                rows[table.name] = gone
        operations.log.record(
            session,
            Tag.TENANT_REMOVED,
            operations.actor.of_tenant(tenant.id),
            target=f"tenant {tenant.slug}",
            before={"rows": rows},
        )
    return Removal(rows, homeless)


def _owned(tenant_id: str, kept: Collection[str]) -> dict[Table, ColumnElement[bool]]:
    """Which rows of which tables are the tenant's, parents before children.

    A table that names no tenant belongs to the tenant with the rows that it refers to: tokens with their session.
    """
    owned: dict[Table, ColumnElement[bool]] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in kept:
            continue
        if table.name == _TENANTS:
            owned[table] = table.c.id == tenant_id
        elif "tenant_id" in table.c:
            owned[table] = table.c.tenant_id == tenant_id
        elif parents := [key for key in table.foreign_key_constraints if key.referred_table in owned]:
            owned[table] = or_(*(_refers(key, owned[key.referred_table]) for key in parents))
    return owned


def _refers(key: ForeignKeyConstraint, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    referred = select(*(element.column for element in key.elements)).where(condition)
    return tuple_(*key.columns).in_(referred)


def _remove_bytes(operations: Operations, folder: Path) -> None:
    """Remove what was moved away; the note goes last, so that whatever is left is found again."""
    aside = Path(operations.settings.lake.data_path).glob(f"{_ASIDE}{folder.name}*")
    for path in [*aside, *(path for path in folder.iterdir() if path.is_dir())]:
        shutil.rmtree(path)
    shutil.rmtree(folder)
    sync_folder(folder.parent)
