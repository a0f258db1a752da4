"""Use case: back up the whole installation as one consistent set: store, lakes, keys, changes of held runs, reports.

Runs go on meanwhile. What a backup folder holds is told in `manifest`, how it is brought back in `restore`.
"""

import gzip
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import Permanent, Refused, Transient
from meschain.access.tables import Tenant
from meschain.access.tenants import list_tenants
from meschain.audit.rules import Tag
from meschain.catalog.tables import Run
from meschain.operations.context import Operations, slugs
from meschain.operations.folder import Draft, check_free, drafted
from meschain.operations.manifest import (
    FORMAT,
    KEY_FILE,
    CatalogKind,
    Manifest,
    StoredKeys,
    StoredLake,
    StoredTable,
    StoredTenant,
    check_files,
    program_version,
    read_manifest,
    seal,
)
from meschain.operations.moment import Moment, captured
from meschain.operations.vault_keys import keys_text
from meschain.settings import private_dir
from meschain.store.base import utc_now
from meschain.store.dump import list_shapes, read_rows, revision_of, write_rows
from meschain.store.ids import new_id
from meschain.store.schema import current_revision, newest_revision
from meschain.store.session import reading, transaction
from warehouse.copying import count_copy, list_files

_ATTEMPTS = 5
_NAME = "backup"
_QUICK = 4
"""gzip's level: within a tenth of the smallest size, in a third of the time."""


Signature = list[tuple[str, int, int, int]]
"""Name, inode, bytes and time of files."""


class _Decided(Exception):
    """A held run was decided while its changes were being copied."""


def back_up(operations: Operations, folder: Path, *, with_raw: bool = False) -> Manifest:
    """Write a backup into a folder that does not exist yet; it is there whole, proved to open, or not at all.

    Raises Busy when another backup of this installation is under way, Refused when there is something at the place.
    """
    check_free(folder.absolute())
    _check_revision(operations)
    with operations.scratch(_NAME) as scratch, operations.files_kept(slugs(list_tenants(operations.engine)), _NAME):
        for _ in range(_ATTEMPTS):
            try:
                return _write(operations, folder, scratch, with_raw=with_raw)
            except _Decided:
                shutil.rmtree(scratch)
                scratch.mkdir()
    raise Transient("held runs keep being decided while they are copied; try again")


def _check_revision(operations: Operations) -> None:
    """A store of another revision is left to the program that wrote it: its backup is the way back from an upgrade."""
    present, needed = current_revision(operations.engine), newest_revision()
    if present is None:
        raise Refused("the store has no tables yet: there is nothing to back up")
    if present != needed:
        raise Refused(
            f"the store is of revision {present} and this MesChain needs {needed}: make the backup with the MesChain "
            "that wrote it, before any other command of this one is run"
        )


def verify(folder: Path) -> Manifest:
    """See that a backup is as it was written and that its lakes open and hold what they held. Changes nothing in it.

    Raises Permanent naming what is wrong.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    for tenant in manifest.tenants:
        if tenant.lake is not None:
            _check_lake(folder, tenant, tenant.lake)
    return manifest


def _check_lake(folder: Path, tenant: StoredTenant, lake: StoredLake) -> None:
    with TemporaryDirectory(prefix="meschain-verify-") as scratch:
        found = count_copy(folder / tenant.catalog, folder / tenant.data, Path(scratch), tenant.slug)
    if found != lake.census:
        raise Permanent(f"the lake of {tenant.slug} holds {found} and not {lake.census}; use another backup")


def _write(operations: Operations, folder: Path, scratch: Path, *, with_raw: bool) -> Manifest:
    made: list[Manifest] = []
    with drafted(folder, f"{_NAME} {operations.owner}", lambda: _record(operations, folder, made[0])) as draft:
        with captured(operations, operations.everywhere, _NAME, scratch) as moment:
            _copy_held(operations, draft, moment)
            if moment.keys.origin == "file":
                draft.write(KEY_FILE, keys_text(moment.keys.keys))
            tables = _dump(draft, moment.session)
            revision = revision_of(moment.session.connection())
        tenants = [_copy_tenant(operations, draft, moment, tenant, scratch) for tenant in moment.tenants]
        for kind in ("reports", *(["raw"] if with_raw else [])):
            _copy_kept(operations, draft, moment.tenants, kind)
        made.append(
            Manifest(
                format=FORMAT, id=new_id(), meschain=program_version(), created_at=utc_now(),
                database=operations.engine.dialect.name, revision=revision or "", with_raw=with_raw,
                keys=StoredKeys(moment.keys.origin, moment.keys.fingerprints),
                tenants=tenants, tables=tables, files=sorted(draft.files, key=lambda file: file.path),
            )
        )  # fmt: skip
        seal(draft, made[0])
    return made[0]


def _record(operations: Operations, folder: Path, manifest: Manifest) -> None:
    """Let the log know before the backup gets its name: none is there of which the log says nothing."""
    told = {"folder": folder.name, "bytes": manifest.bytes, "tenants": [tenant.slug for tenant in manifest.tenants]}
    with transaction(operations.everywhere) as session:
        operations.log.record(session, Tag.BACKUP_MADE, operations.actor, target=f"backup {manifest.id}", after=told)


def _dump(draft: Draft, session: Session) -> list[StoredTable]:
    connection = session.connection()
    tables = []
    for shape in list_shapes(connection):
        table = StoredTable(shape.name, shape.columns, list(shape.key), 0)
        with draft.writing(table.file) as file, gzip.GzipFile("", "wb", _QUICK, file, mtime=0) as packed:
            rows = write_rows(packed, shape, read_rows(connection, shape))
        tables.append(StoredTable(shape.name, shape.columns, list(shape.key), rows))
    return tables


def _copy_tenant(operations: Operations, draft: Draft, moment: Moment, tenant: Tenant, scratch: Path) -> StoredTenant:
    """Copy the tenant's lake: the catalog of that moment, and every file that it needs."""
    catalog = moment.catalogs.get(tenant.slug)
    stored = StoredTenant(tenant.id, tenant.slug, None)
    if catalog is None:
        return stored
    data = operations.data_folder(tenant.slug)
    draft.copy(catalog, stored.catalog)
    private_dir(draft.root / stored.data)
    for path in list_files(catalog):
        try:
            draft.link(data / path, f"{stored.data}/{path}")
        except FileNotFoundError:
            raise Permanent(
                f"{data / path} is gone, which the lake of {tenant.slug} needs: nothing was backed up; "
                "bring the file back from an earlier backup"
            ) from None
    with TemporaryDirectory(dir=scratch) as beside:
        found = count_copy(draft.root / stored.catalog, draft.root / stored.data, Path(beside), tenant.slug)
    kind: CatalogKind = "postgresql" if operations.settings.lake.catalog_url else "sqlite"
    return StoredTenant(tenant.id, tenant.slug, StoredLake(found.snapshot, found.rows, kind))


def _copy_kept(operations: Operations, draft: Draft, tenants: Sequence[Tenant], kind: str) -> None:
    """Copy the files of one kind that are kept of each tenant; one that is cleared away meanwhile has had its time."""
    for tenant in tenants:
        folder = operations.kept_folders(tenant.slug)[kind]
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _is_unfinished(path.relative_to(folder)):
                take = draft.link if kind == "raw" else draft.copy  # a kept feed file is never changed
                with suppress(FileNotFoundError):
                    take(path, f"{kind}/{tenant.slug}/{path.relative_to(folder).as_posix()}")


def _is_unfinished(path: Path) -> bool:
    """Downloads and copies that are under way have names that begin with a dot, or lie in such a folder."""
    return any(part.startswith(".") for part in path.parts)


def _copy_held(operations: Operations, draft: Draft, moment: Moment) -> None:
    """Copy the staged changes of the runs that are held at that moment; _Decided when one was decided meanwhile.

    Whoever decides a run writes into these files or removes them; until then nobody touches them.
    """
    held = select(Run.id, Run.tenant_id).where(Run.status == "held")
    of_tenant = {tenant.id: tenant.slug for tenant in moment.tenants}
    for run_id, tenant_id in moment.session.execute(held).tuples():
        slug = of_tenant[tenant_id]
        folder = operations.kept_folders(slug)["delta"]
        try:
            before = _signature(folder, run_id)
            for name, *_ in before:
                draft.copy(folder / name, f"delta/{slug}/{name}")
            after = _signature(folder, run_id)
        except FileNotFoundError:
            raise _Decided from None
        if after != before or not _is_held(operations, run_id):
            raise _Decided


def _signature(folder: Path, run_id: str) -> Signature:
    """Names, identities, sizes and times of the files of a run's changes."""
    found = []
    for path in sorted({*folder.glob(f"{run_id}.*"), *folder.glob(f"{run_id}.*/**/*")}):
        if path.is_file():
            status = path.stat()
            name = path.relative_to(folder).as_posix()
            found.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _is_held(operations: Operations, run_id: str) -> bool:
    with reading(operations.everywhere) as session:
        return session.scalar(select(Run.status).where(Run.id == run_id)) == "held"
