"""What a tenant takes away is everything of it that anybody may read, nothing of another tenant, and no secret."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest
import yaml
from sqlalchemy import select

from commerce.errors import Refused
from meschain.audit.rules import Tag
from meschain.catalog.profile import parse_profile
from meschain.operations.tenant_export import BINARY, WITHHELD, export_tenant
from meschain.settings import Settings
from meschain.store.base import Base, Sealed
from meschain.store.dump import list_shapes
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant
from meschain.wiring import House
from tests.operations.estates import SECRET, lake_rows, opened, operations_of, store_rows, tree


def test_everything_of_the_tenant_is_there_and_nothing_of_the_other(house: House, tmp_path: Path) -> None:
    rows, lake = store_rows(house), lake_rows(house, "acme")
    tenant = house.tenant("acme")
    counts = export_tenant(operations_of(house), "acme", tmp_path / "export")
    written = {path.stem: _lines(path) for path in (tmp_path / "export" / "store").iterdir()}
    for name, found in written.items():
        own = [row for row in rows[name] if tenant.id in {row.get("tenant_id"), row.get("id")}]
        assert len(found) == len(own) == counts[name], name
        assert {row.get("tenant_id", tenant.id) for row in found} <= {tenant.id}
    assert {"access_tenants", "audit_entries", "catalog_runs", "channels_channels", "access_grants"} <= written.keys()
    for relation in ("core.offers", "core.offer_changes", "raw.quarantine", "core.offer_states"):
        read = duckdb.sql(f"FROM '{tmp_path}/export/lake/{relation}.parquet' ORDER BY ALL").fetchall()
        assert [tuple(map(str, row)) for row in read] == [tuple(map(str, row)) for row in lake[relation]]
        assert counts[relation] == len(read)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "export").rglob("*") if path.is_file())
    assert house.tenant("other").id.encode() not in everything
    assert b"of other" not in everything


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_secret_and_no_way_in_is_there(house: House, tmp_path: Path) -> None:
    rows = store_rows(house)
    export_tenant(operations_of(house), "acme", tmp_path / "export")
    files = {path.name: path.read_bytes() for path in (tmp_path / "export").rglob("*") if path.is_file()}
    secrets = [row["source_secret"] for row in rows["catalog_suppliers"] if row["source_secret"]]
    ways = [*secrets, SECRET.encode(), *(row["hash"].encode() for row in rows["access_links"])]
    assert not [name for name, data in files.items() for way in ways if way in data]
    assert not {f"{table}.ndjson" for table in WITHHELD} & files.keys()
    [supplier] = [
        row for row in _lines(tmp_path / "export" / "store" / "catalog_suppliers.ndjson") if row["slug"] == "toys"
    ]
    assert "source_secret" not in supplier
    assert supplier["source"]["urls"] == ["https://feeds.example/a.csv"]
    [key] = _lines(tmp_path / "export" / "store" / "access_api_keys.ndjson")
    assert "hash" not in key


def test_every_sealed_column_stays_here(local_house: House) -> None:
    with reading(of_every_tenant(local_house.engine)) as session:
        shapes = {shape.name: shape for shape in list_shapes(session.connection())}
    sealed = [(t.name, c.name) for t in Base.metadata.sorted_tables for c in t.columns if isinstance(c.type, Sealed)]
    assert sealed
    assert not BINARY & set(sealed)
    assert all(shapes[table].columns[column] == "bytes" for table, column in sealed)


def test_files_profiles_and_what_is_what(local_house: House, tmp_path: Path) -> None:
    home, folder = local_house.settings.home, tmp_path / "export"
    export_tenant(operations_of(local_house), "acme", folder)
    assert tree(folder / "feeds") == tree(home / "raw" / "acme")
    assert tree(folder / "reports") == tree(home / "reports" / "acme")
    profile = yaml.safe_load((folder / "profiles" / "toys" / "version-1.yaml").read_text(encoding="utf-8"))
    assert parse_profile(profile, "the export").fields
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "| `lake/core.offers.parquet` | 30 | " in readme
    listed = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    assert listed.keys() == there
    assert all(hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest for path, digest in listed.items())
    with reading(of_every_tenant(local_house.engine)) as session:
        connection = session.connection()
        entries = Base.metadata.tables["audit_entries"]
        told = connection.execute(select(entries.c.target).where(entries.c.tag == Tag.TENANT_EXPORTED)).scalars().all()
    assert told == ["tenant acme"]


def test_a_tenant_without_a_lake_and_one_that_is_not_there(local_estate: Settings, tmp_path: Path) -> None:
    with opened(local_estate) as house:
        house.tenant("empty", create=True)
        assert not any("." in name for name in export_tenant(operations_of(house), "empty", tmp_path / "export"))
        with pytest.raises(Refused, match="there is no tenant 'nobody'"):
            export_tenant(operations_of(house), "nobody", tmp_path / "nobody")
        with pytest.raises(Refused, match="export is there already"):
            export_tenant(operations_of(house), "acme", tmp_path / "export")
    assert not (tmp_path / "nobody").exists()
