"""Use case: everything that is kept of one tenant, in open formats, for the tenant to take away. Nothing of another.

Left out is what would let its reader in, and what only this installation can read: see `WITHHELD`.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml
from sqlalchemy import Connection, select

from meschain.access.tables import Tenant
from meschain.access.tenants import get_tenant
from meschain.audit.rules import Tag
from meschain.catalog.tables import FeedProfile, Supplier
from meschain.operations.context import Operations
from meschain.operations.folder import Draft, check_free, drafted
from meschain.operations.moment import Moment, captured
from meschain.store.dump import Row, Shape, list_shapes, read_rows, write_rows
from meschain.store.session import transaction
from meschain.store.tenancy import of_tenant
from warehouse.cards import card_of
from warehouse.exporting import export_relations

WITHHELD = frozenset({"access_links", "access_sessions", "audit_payloads"})
"""Tables left out as a whole: by the first two somebody could get in, the third is sealed for each person alone."""
HASHES = frozenset({("access_api_keys", "hash")})
"""Columns left out: by them a guess could be proved."""
BINARY = frozenset({("audit_entries", "leaf_hash")})
"""The only columns of bytes that are taken along, as base64: all others are sealed."""
_TENANTS = Tenant.__tablename__


def export_tenant(operations: Operations, slug: str, folder: Path) -> dict[str, int]:
    """Write everything of the tenant into a folder that does not exist yet; gives the rows of each table and relation.

    The folder is there whole or not at all. Refused when there is no such tenant or something is at the place.
    """
    check_free(folder.absolute())
    tenant = get_tenant(operations.engine, slug)
    engine = of_tenant(operations.engine, tenant.id)  # so that the database, too, shows this tenant alone
    name = f"export of {slug}"
    counts: dict[str, int] = {}
    with (
        operations.scratch(name) as scratch,
        operations.files_kept([slug], name),
        drafted(folder, f"{name} {operations.owner}", lambda: _record(operations, tenant, counts)) as draft,
    ):
        with captured(operations, engine, name, scratch, slug) as moment:
            counts |= _write_tables(draft, moment.session.connection(), tenant.id)
            _write_profiles(draft, moment)
        counts |= _write_relations(operations, draft, moment, slug)
        _copy_files(operations, draft, slug)
        draft.write("README.md", _describe(tenant, counts))
        draft.write("SHA256SUMS", "".join(f"{file.sha256}  {file.path}\n" for file in draft.files))
    return counts


def _record(operations: Operations, tenant: Tenant, counts: dict[str, int]) -> None:
    """Let the log know before the export gets its name."""
    with transaction(of_tenant(operations.engine, tenant.id)) as session:
        operations.log.record(
            session,
            Tag.TENANT_EXPORTED,
            operations.actor.of_tenant(tenant.id),
            target=f"tenant {tenant.slug}",
            after={"rows": sum(counts.values())},
        )


def _write_tables(draft: Draft, connection: Connection, tenant_id: str) -> dict[str, int]:
    counts = {}
    for shape in list_shapes(connection):
        owner = "id" if shape.name == _TENANTS else "tenant_id"
        if owner not in shape.columns or shape.name in WITHHELD:
            continue
        shown = Shape(
            shape.name, {name: kind for name, kind in shape.columns.items() if _is_shown(shape, name)}, shape.key
        )
        rows = read_rows(connection, shown, {owner: tenant_id})
        with draft.writing(f"store/{shape.name}.ndjson") as file:
            counts[shape.name] = write_rows(file, shown, _opened(shown, rows))
    return counts


def _is_shown(shape: Shape, name: str) -> bool:
    if shape.columns[name] == "bytes":
        return (shape.name, name) in BINARY
    return (shape.name, name) not in HASHES


def _opened(shape: Shape, rows: Iterable[Row]) -> Iterator[Row]:
    """JSON as what it says, not as its text."""
    documents = [name for name, kind in shape.columns.items() if kind == "json"]
    for row in rows:
        parsed: dict[str, Any] = {name: row[name] and msgspec.json.decode(row[name]) for name in documents}
        yield {**row, **parsed}


def _write_profiles(draft: Draft, moment: Moment) -> None:
    query = select(Supplier.slug, FeedProfile).join(Supplier, Supplier.id == FeedProfile.supplier_id)
    for supplier, profile in moment.session.execute(query).tuples():
        text = yaml.safe_dump(profile.body, allow_unicode=True, sort_keys=False)
        draft.write(f"profiles/{supplier}/version-{profile.version}.yaml", text)


def _write_relations(operations: Operations, draft: Draft, moment: Moment, slug: str) -> dict[str, int]:
    """The lake as it was at that moment, read through the copy of its catalog."""
    if slug not in moment.catalogs:
        return {}
    operations.data_folder(slug)
    lake = operations.lake(slug).model_copy(update={"catalog_url": "", "catalog_file": moment.catalogs[slug]})
    folder = draft.place("lake/relation").parent
    counts = export_relations(lake, folder)
    for name in counts:
        draft.adopt(f"lake/{name}.parquet")
    return counts


def _copy_files(operations: Operations, draft: Draft, slug: str) -> None:
    folders = operations.kept_folders(slug)
    for name, folder in (("feeds", folders["raw"]), ("reports", folders["reports"])):
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in inner.parts):
                with suppress(FileNotFoundError):  # cleared away meanwhile
                    draft.copy(path, f"{name}/{inner.as_posix()}")


def _describe(tenant: Tenant, counts: dict[str, int]) -> str:
    """What is what, for whoever opens the folder in ten years."""
    tables = "".join(f"| `store/{name}.ndjson` | {rows:,} |\n" for name, rows in counts.items() if "." not in name)
    relations = "".join(
        f"| `lake/{name}.parquet` | {rows:,} | {_meaning(name)} |\n" for name, rows in counts.items() if "." in name
    )
    return _README.format(name=tenant.name, slug=tenant.slug, id=tenant.id, tables=tables, relations=relations)


def _meaning(relation: str) -> str:
    card = card_of(relation)
    return f"{' '.join(card.description.split())} One row: {' '.join(card.grain.split())}."


_README = """# Everything of {name} (`{slug}`)

The tenant's id is `{id}`: it stands in every row as `tenant_id`. Times are UTC. Text is UTF-8.
`SHA256SUMS` holds the checksum of every file here (`sha256sum -c SHA256SUMS`).

## store: suppliers, runs, roles, the audit log

One JSON object a line (NDJSON). Bytes are base64, amounts of time and money as they were stored.

| file | rows |
| --- | ---: |
{tables}
Not here, because with it somebody could get in or because nobody but its owner may read it: passwords and other
secrets, also those of suppliers, hashes of keys and links, sessions, and what is kept of persons under a key of their
own. People stand in these files by their id alone.

## lake: offers, their changes, products

Parquet; amounts are exact decimals.

| file | rows | what it is |
| --- | ---: | --- |
{relations}
## profiles

How each supplier's feed is read: YAML, one file per version, the highest one holds.

## feeds

Feed files as they were received: `feeds/<supplier>/<hash>`. The `files` of each row of `store/catalog_runs.ndjson` say
which hash is which file of which run. Files are kept for a time, so that old runs may have none.

## reports

What was reported on runs, as it was written then.
"""
