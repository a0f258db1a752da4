"""Use case: bring a backup back into an installation that holds nothing yet, on either database.

Files come first, each compared with its checksum once more; the store follows in one transaction, which is what makes
the restore done. Until then a note in the data folder says that it is under way: killed at any moment, the same command
clears away what it had brought and begins anew.
"""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import select

from commerce.errors import Permanent, Refused
from meschain.access.sessions import end_every_session
from meschain.audit.rules import Tag
from meschain.audit.tables import Entry
from meschain.operations.context import Operations
from meschain.operations.folder import StoredFile, copy_file, sync_folder, sync_folders, write_whole
from meschain.operations.manifest import (
    KEY_FILE,
    Manifest,
    StoredLake,
    StoredTenant,
    check_files,
    read_manifest,
)
from meschain.operations.vault_keys import present_keys
from meschain.settings import private_dir
from meschain.store import loading
from meschain.store.dump import Row, Shape, parse_rows
from meschain.store.session import reading
from meschain.store.tenancy import TenantSession
from warehouse import copying

_KINDS = ("delta", "raw", "reports")


class _Note(msgspec.Struct, frozen=True):
    """What is being restored: the backup, and the tenants whose places it fills."""

    backup: str
    tenants: list[str]


def restore(operations: Operations, folder: Path) -> Manifest:
    """Bring the backup in the folder back; gives its manifest.

    Raises Permanent when the backup is damaged or does not fit this program, Refused when the installation holds
    something already or lacks the vault's keys. Every session ends: some had ended since the backup was made.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    loading.check_revision(manifest.revision)
    _check_keys(operations, manifest)
    with operations.scratch("restore") as scratch:
        note = _read_note(operations)
        if note is not None and note.backup == manifest.id and _is_done(operations, manifest):
            (operations.settings.home / loading.RESTORING).unlink()
            return manifest
        _check_blank(operations, manifest, note)
        if note is not None:
            _clear(operations, note.tenants)
        names = [tenant.slug for tenant in manifest.tenants]
        write_whole(operations.settings.home / loading.RESTORING, msgspec.json.encode(_Note(manifest.id, names)))
        _bring_files(operations, folder, manifest, scratch)
        with operations.exclusive("store-schema", "restore", wait=True):
            _fill_store(operations, folder, manifest)
        (operations.settings.home / loading.RESTORING).unlink()
        sync_folder(operations.settings.home)
    return manifest


def _check_keys(operations: Operations, manifest: Manifest) -> None:
    """See that what is sealed will open here: keys of the environment come before a key file."""
    wanted = set(manifest.keys.fingerprints)
    present = present_keys(operations.settings)
    if present.origin == "environment" and wanted - set(present.fingerprints):
        raise Refused(
            "MESCHAIN_VAULT__KEY is set, but does not hold the keys of the backup: set it to those it was made with"
            + (", or unset it: the backup brings its key file" if manifest.keys.origin == "file" else "")
        )
    if manifest.keys.origin == "environment" and present.origin != "environment":
        raise Refused(
            "the backup was made with the vault's key in MESCHAIN_VAULT__KEY and does not hold it: set the same here"
        )


def _check_blank(operations: Operations, manifest: Manifest, note: _Note | None) -> None:
    """Refuse an installation in which something is: a restore replaces nothing."""
    settings = operations.settings
    found = [] if loading.is_blank(operations.engine) else [operations.engine.url.render_as_string(hide_password=True)]
    if note is None:
        places = [settings.home / kind for kind in ("lake", *_KINDS)]
        places += [operations.data_folder(tenant.slug) for tenant in manifest.tenants]
        found += [str(place) for place in places if any(path.is_file() for path in place.rglob("*"))]
        found += [str(settings.vault_key_file)] if settings.vault_key_file.exists() else []
        lakes = [operations.lake(tenant.slug) for tenant in manifest.tenants if settings.lake.catalog_url]
        found += [f"the catalog of the lake of {lake.tenant}" for lake in lakes if copying.is_there(lake)]
    if found:
        raise Refused(
            f"there is something here already: {', '.join(dict.fromkeys(found))}; restore into a new MESCHAIN_HOME and "
            "an empty store (MESCHAIN_STORE__URL)"
        )


def _read_note(operations: Operations) -> _Note | None:
    try:
        return msgspec.json.decode((operations.settings.home / loading.RESTORING).read_bytes(), type=_Note)
    except FileNotFoundError:
        return None


def _is_done(operations: Operations, manifest: Manifest) -> bool:
    """Whether the store was filled with this backup: its log says so, in the same transaction."""
    if loading.is_blank(operations.engine):
        return False
    entry = select(Entry.index).where(Entry.tag == Tag.BACKUP_RESTORED, Entry.target == _target(manifest))
    with reading(operations.everywhere) as session:
        return session.scalars(entry.limit(1)).first() is not None


def _target(manifest: Manifest) -> str:
    return f"backup {manifest.id}"


def _clear(operations: Operations, tenants: list[str]) -> None:
    """Remove what an earlier attempt brought; nothing else can be in these places."""
    settings = operations.settings
    for slug in tenants:
        lake = operations.lake(slug)
        copying.remove_catalog(lake)
        for place in (operations.data_folder(slug), *operations.kept_folders(slug).values()):
            shutil.rmtree(place, ignore_errors=True)
    settings.vault_key_file.unlink(missing_ok=True)


def _bring_files(operations: Operations, folder: Path, manifest: Manifest, scratch: Path) -> None:
    try:
        for tenant in manifest.tenants:
            for kind, place in operations.kept_folders(tenant.slug).items():
                _bring(folder, manifest.below(f"{kind}/{tenant.slug}"), f"{kind}/{tenant.slug}", place)
            if tenant.lake is not None:
                _bring_lake(operations, folder, manifest, tenant, tenant.lake, scratch)
        keys = [file for file in manifest.files if file.path == KEY_FILE]
        if present_keys(operations.settings).origin != "environment":
            _bring(folder, keys, "keys", operations.settings.home)
    except OSError as error:
        raise Permanent(f"the backup cannot be brought back: {error}; make room, and run the same again") from error


def _bring(folder: Path, files: list[StoredFile], below: str, place: Path) -> None:
    """Copy files of the backup into a folder, by their paths below a folder of the backup, onto the disk."""
    for file in files:
        target = place / Path(file.path).relative_to(below)
        private_dir(target.parent)
        if copy_file(folder / file.path, target, file.path) != file:
            raise Permanent(f"{folder / file.path} changed while it was read; run the same again with another copy")
    if files:
        sync_folders(place)


def _bring_lake(
    operations: Operations, folder: Path, manifest: Manifest, tenant: StoredTenant, lake: StoredLake, scratch: Path
) -> None:
    """Bring a lake's files and its catalog, and count whether everything is there."""
    settings = operations.lake(tenant.slug)
    _bring(folder, manifest.below(tenant.data), tenant.data, private_dir(Path(settings.data_path)))
    copying.install(Path(shutil.copyfile(folder / tenant.catalog, scratch / f"{tenant.slug}.sqlite")), settings)
    found = copying.count(settings)
    if found != lake.census:
        raise Permanent(f"the lake of {tenant.slug} holds {found} and not {lake.census}; use another backup")


def _fill_store(operations: Operations, folder: Path, manifest: Manifest) -> None:
    tables = {table.name: table for table in manifest.tables}

    def rows_of(shape: Shape) -> Iterator[Row]:
        table, count = tables[shape.name], 0
        with gzip.open(folder / table.file) as file:
            for row in parse_rows(file, shape):
                count += 1
                yield row
        if count != table.rows:
            raise Permanent(f"{table.file} holds {count} rows and not {table.rows}; use another backup")

    def note(session: TenantSession) -> None:
        end_every_session(session, manifest.created_at)  # some had ended since
        told = {"created_at": manifest.created_at.isoformat(), "meschain": manifest.meschain}
        operations.log.record(session, Tag.BACKUP_RESTORED, operations.actor, target=_target(manifest), after=told)

    loading.load(operations.engine, manifest.revision, [table.shape for table in manifest.tables], rows_of, note)
    loading.flush(operations.engine)
