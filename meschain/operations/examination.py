"""Looks at everything an installation stands on and says what it found. Makes, changes and mends nothing.

A store or lake that is not there yet is left unmade. Opening one for reading may leave SQLite's own index file
(`-shm`) beside it, as every reader does.
"""

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url

from commerce.errors import MesChainError, Permanent, Refused
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings
from meschain.operations import doctor
from meschain.operations.doctor import Finding, StagedDelta
from meschain.operations.records import Records, read_records
from meschain.settings import Settings, list_given, list_variables, variable_of
from meschain.store.base import utc_now
from meschain.store.engine import open_engine
from meschain.store.loading import check_whole
from meschain.store.schema import current_revision, newest_revision
from meschain.store.vault import vault_of
from warehouse.health import EXTENSIONS, LakeState, look, try_extension
from warehouse.lake import LakeSettings

_ASK = HttpSettings(connect_timeout=3, read_timeout=5, total_timeout=8, attempts=1, allow_private=("0.0.0.0/0", "::/0"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it holds; a secret is not shown."""

    name: str
    value: str
    origin: str
    """`environment` or `default`."""


def list_settings(settings: Settings) -> list[Setting]:
    """Every setting with its value and where that comes from."""
    given = list_given()
    found: list[Setting] = []
    for name in list_variables():
        path = name.removeprefix("MESCHAIN_").lower().split("__")
        value: object = settings
        for part in path:
            value = getattr(value, part)
        named = name in given or (len(path) > 1 and variable_of(path[0]) in given)
        found.append(Setting(name, _shown(value), "environment" if named else "default"))
    return found


def examine(settings: Settings) -> list[Finding]:
    """Look at every part, in the order in which they stand on each other."""
    return list(_examine(settings))


def _examine(settings: Settings) -> Iterator[Finding]:
    yield doctor.judge_python(sys.version_info[:3])
    yield _look_at_home(settings.home)
    yield from doctor.judge_extensions({name: try_extension(name) for name in EXTENSIONS})
    http = settings.http
    yield doctor.judge_http(http.timeout_seconds, http.max_bytes, private=http.allow_private_addresses)
    yield _look_at_prefect(settings)
    yield _look_at_api(settings)
    store, records = _look_at_store(settings)
    yield store
    newest = [records.newest] if records and records.newest else []
    if records is not None:
        yield doctor.judge_runners(records.runners, records.waiting)
        yield from _look_at_vault(settings, records)
        for tenant in records.tenants:
            finding, lake = _look_at_lake(settings, tenant, imported=tenant in records.imported)
            yield finding
            yield from doctor.judge_feeds(tenant, records.feeds[tenant])
            newest += [lake.written_at] if lake else []
        yield from doctor.judge_deltas(_staged(settings, records))
    yield doctor.judge_clock(utc_now(), max(newest, default=None))


def _shown(value: object) -> str:
    """A value without secrets: passwords of addresses are starred, keys only said to be there."""
    if isinstance(value, SecretStr):
        return "(hidden)" if value.get_secret_value() else ""
    text = str(value)
    return make_url(text).render_as_string(hide_password=True) if "://" in text and "@" in text else text


def _look_at_home(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    try:
        check_whole(home)
    except Refused as error:
        return doctor.judge_half(str(error))
    return doctor.judge_home(home, present=home.is_dir(), writable=writable, free=shutil.disk_usage(there).free)


def _look_at_prefect(settings: Settings) -> Finding:
    user, _, password = settings.prefect.auth.get_secret_value().partition(":")
    error = _failure(Call(f"{settings.prefect_url}/health", auth=(user, password) if user else None))
    return doctor.judge_prefect(settings.prefect_url, given=bool(settings.prefect.api_url), error=error)


def _look_at_api(settings: Settings) -> Finding:
    url = settings.api_url
    live = _failure(Call(f"{url}/health/live")) is None
    return doctor.judge_api(url, live=live, error=_failure(Call(f"{url}/health/ready")) if live else None)


def _failure(call: Call) -> str | None:
    """What goes wrong with a request; None if it is answered."""
    try:
        with HttpClient(_ASK) as http:
            http.request(call)
    except MesChainError as reason:
        return str(reason)
    return None


def _look_at_store(settings: Settings) -> tuple[Finding, Records | None]:
    """The store's state, and what is recorded in it if its tables are the ones this program knows."""
    url = make_url(settings.store.url)
    place, newest = url.render_as_string(hide_password=True), newest_revision()
    if url.get_backend_name() == "sqlite" and not _is_filled(Path(url.database or "")):
        return doctor.judge_store(place, present=False, revision=None, newest=newest), None
    engine = open_engine(settings.store.url)
    try:
        revision = current_revision(engine)
        records = read_records(engine) if revision == newest else None
    except MesChainError as error:
        return doctor.judge_store(place, present=True, revision=None, newest=newest, error=str(error)), None
    finally:
        engine.dispose()
    return doctor.judge_store(place, present=True, revision=revision, newest=newest), records


def _is_filled(file: Path) -> bool:
    """Whether there is something to open; SQLite would make a database of an empty file."""
    return file.is_file() and file.stat().st_size > 0


def _look_at_vault(settings: Settings, records: Records) -> list[Finding]:
    vault, file = vault_of(settings), settings.vault_key_file
    given = bool(settings.vault.key.get_secret_value().strip())
    misfits: dict[str, str] = {}
    if given or file.exists():
        for supplier, sealed in records.sealed.items():
            try:
                vault.open(sealed)
            except Permanent as error:
                misfits[supplier] = str(error)
    place = variable_of("vault", "key") if given else str(file)
    return doctor.judge_vault(place, present=given or file.exists(), sealed=len(records.sealed), misfits=misfits)


def _look_at_lake(settings: Settings, tenant: str, *, imported: bool) -> tuple[Finding, LakeState | None]:
    lake = _lake_settings(settings, tenant)
    kind = "PostgreSQL" if lake.catalog_url else "SQLite"
    if not imported or not (lake.catalog_url or lake.catalog_file.is_file()):
        return doctor.judge_lake(tenant, kind, imported=imported, place=str(lake.catalog_file)), None
    try:
        state = look(lake)
    except Permanent as error:
        return doctor.judge_lake(tenant, kind, imported=imported, place=lake.data_path, error=str(error)), None
    shown = f"snapshot {state.snapshot}, {state.offers:,} offers in {state.files:,} files, {state.bytes / 1e6:,.1f} MB"
    return doctor.judge_lake(tenant, kind, imported=imported, place=lake.data_path, holds=shown), state


def _lake_settings(settings: Settings, tenant: str) -> LakeSettings:
    """Where the tenant's lake lies, without making its folders."""
    return LakeSettings(
        tenant=tenant,
        catalog_file=settings.home / "lake" / tenant / "catalog.sqlite",
        catalog_url=settings.lake.catalog_url,
        data_path=f"{settings.lake.data_path}/{tenant}/data",
        temp_path=settings.home / "spill",
        memory_limit=settings.lake.memory_limit,
        threads=settings.lake.threads,
    )


def _staged(settings: Settings, records: Records) -> list[StagedDelta]:
    """Every run that has staged files, and every held run whether it has them or not."""
    folder = settings.home / "delta"
    files: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("*/*")):
        files[path.parent.name, path.name.partition(".")[0]].append(path)
    held = [run for run, status in records.statuses.items() if status == "held"]
    return [
        StagedDelta(
            place=folder / tenant / f"{run_id}.*",
            run_id=run_id,
            status=records.statuses.get((tenant, run_id)),
            bytes=sum(_size(path) for path in files[tenant, run_id]),
        )
        for tenant, run_id in dict.fromkeys([*files, *held])
    ]


def _size(path: Path) -> int:
    """Bytes of a file, or of everything in a folder."""
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())
