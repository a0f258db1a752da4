"""A lake's catalog goes from either database into either, and the lake shows the same at every time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest

from commerce.errors import Permanent
from tests.conftest import STORES
from tests.postgres import fresh_database
from warehouse.catalogs import make_blank, schema_of
from warehouse.copying import copy_catalog, count, count_copy, install, is_there, list_files, remove_catalog
from warehouse.exporting import export_relations
from warehouse.lake import TRUSTING, Lake, LakeSettings

pytestmark = pytest.mark.acceptance

VALUES = {
    "a_boolean": ("BOOLEAN", "true"),
    "a_small": ("SMALLINT", "-7"),
    "a_tiny": ("UTINYINT", "255"),
    "a_whole": ("INTEGER", "7"),
    "a_big": ("BIGINT", "9223372036854775807"),
    "a_digest": ("UBIGINT", "18446744073709551615"),
    "a_count": ("UINTEGER", "4294967295"),
    "a_float": ("FLOAT", "1.1"),
    "a_double": ("DOUBLE", "1e300"),
    "no_number": ("DOUBLE", "'nan'"),
    "an_amount": ("DECIMAL(18, 4)", "12345678901234.5678"),
    "a_text": ("VARCHAR", "'ğ''\"'"),
    "some_bytes": ("BLOB", "'\\x00\\xFF'::BLOB"),
    "a_day": ("DATE", "'2026-01-02'"),
    "a_time": ("TIME", "'01:02:03.123456'"),
    "a_moment": ("TIMESTAMPTZ", "'2026-01-02 01:02:03.123456+00'"),
    "an_id": ("UUID", "'59319f27-65b2-41ff-8f19-4476b1d14cc0'"),
    "a_list": ("VARCHAR[]", "['a', 'b,c', NULL, 'd''e']"),
    "a_struct": ("STRUCT(x INTEGER, y VARCHAR)", "{x: 1, y: 'q'}"),
}
"""Of each kind a column and a value; DuckLake keeps a few rows in its catalog instead of a file."""
COLUMNS = ", ".join(f"{name} {kind}" for name, (kind, _) in VALUES.items())
ROW = ", ".join(value for _, value in VALUES.values())


def _lake(folder: Path, database: str) -> LakeSettings:
    folder.mkdir()
    return LakeSettings(
        tenant="a-b",
        data_path=str(folder / "data"),
        catalog_file=folder / "catalog.sqlite",
        catalog_url=database,
        temp_path=folder / "spill",
    )


@pytest.fixture(params=STORES)
def origin(request: pytest.FixtureRequest, tmp_path: Path) -> LakeSettings:
    """A place for a lake, its catalog in either database."""
    database = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))
    return _lake(tmp_path / "origin", database)


@pytest.fixture(params=STORES)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> LakeSettings:
    """Another one, in a database of its own."""
    database = "" if request.param == "sqlite" else str(request.getfixturevalue("_second_database"))
    return _lake(tmp_path / "target", database)


@pytest.fixture
def _second_database(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url, f"test_{uuid4()}") as url:
        yield url


def _make_lake(settings: LakeSettings) -> None:
    with Lake(settings, lambda _: nullcontext()).connect():
        pass


@contextmanager
def _open(settings: LakeSettings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config=TRUSTING) as connection:
        Lake(settings, lambda _: nullcontext()).prepare(connection, read_only=False)
        yield connection


def _make(settings: LakeSettings) -> None:
    """A lake with files, deleted rows, rows in its catalog, of every kind, a view and a changed table."""
    _make_lake(settings)
    with _open(settings) as lake:
        lake.execute("CREATE TABLE core.many (a BIGINT, s VARCHAR)")
        lake.execute("INSERT INTO core.many SELECT i, 'x' || i FROM range(1000) t(i)")
        lake.execute("DELETE FROM core.many WHERE a % 7 = 0")
        lake.execute("UPDATE core.many SET s = 'new' WHERE a IN (8, 9)")
        lake.execute("CREATE VIEW core.few AS SELECT count(*) AS n FROM core.many")
        lake.execute(f"CREATE TABLE core.kinds (k BIGINT, {COLUMNS})")
        lake.execute(f"INSERT INTO core.kinds SELECT 1, {ROW} UNION ALL SELECT 2, {', '.join(['NULL'] * len(VALUES))}")
        lake.execute(f"INSERT INTO core.kinds SELECT 3, {ROW}")
        lake.execute("DELETE FROM core.kinds WHERE k = 3")
        lake.execute("ALTER TABLE core.many ADD COLUMN later INTEGER")
        lake.execute("INSERT INTO core.many VALUES (5000, 'late', 3)")


def _seen(settings: LakeSettings) -> dict[Any, Any]:
    """The lake's relations now and at each snapshot."""
    with _open(settings) as lake:
        lake.execute("SET TimeZone = 'UTC'")
        seen: dict[Any, Any] = {
            "now": [[*map(str, row)] for row in lake.execute("FROM core.kinds ORDER BY k").fetchall()]
        }
        seen["many"] = lake.execute("FROM core.many ORDER BY a").fetchall()
        seen["few"] = lake.execute("FROM core.few").fetchall()
        snapshots = lake.execute(
            "SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake') ORDER BY ALL"
        ).fetchall()
        seen["snapshots"] = snapshots
        for number, _ in snapshots[-4:]:
            query = f"SELECT count(*), sum(hash(m)) FROM (FROM core.many AT (VERSION => {number})) AS m"
            seen[number] = lake.execute(query).fetchall()
        return seen


def _copied(origin: LakeSettings, folder: Path) -> Path:
    copy = folder / "copy.sqlite"
    make_blank(copy, folder / "nowhere")
    assert copy_catalog(origin, copy)
    return copy


def test_a_lake_is_the_same_wherever_its_catalog_goes(
    origin: LakeSettings, target: LakeSettings, tmp_path: Path
) -> None:
    _make(origin)
    before = _seen(origin)
    copy = _copied(origin, tmp_path)
    (tmp_path / "scratch").mkdir()
    census = count_copy(copy, Path(origin.data_path), tmp_path / "scratch", "a-b")
    assert census == count(origin)
    assert census.rows["core.many"] == len(before["many"])
    for path in list_files(copy):
        place = Path(target.data_path, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(origin.data_path, path), place)
    assert not is_there(target)
    install(copy, target)
    assert is_there(target)
    assert _seen(target) == before == _seen(origin)
    _check_use(target)
    remove_catalog(target)
    assert not is_there(target)
    remove_catalog(target)


def _check_use(settings: LakeSettings) -> None:
    """It takes rows of every kind, in its catalog and in files, and gives them back."""
    with _open(settings) as lake:
        lake.execute(f"INSERT INTO core.kinds SELECT 4, {ROW}")
        lake.execute("DELETE FROM core.many WHERE a IN (5000, 10)")
        rows = lake.execute("SELECT * EXCLUDE k FROM core.kinds WHERE k IN (1, 4) ORDER BY k").fetchall()
        assert str(rows[0]) == str(rows[1])
        lake.execute("CALL ducklake_flush_inlined_data('lake')")
        lake.execute("INSERT INTO core.kinds SELECT k + 10, * EXCLUDE k FROM core.kinds")
        assert lake.execute("SELECT count(*) FROM core.kinds").fetchall() == [(6,)]
        assert lake.execute("SELECT count(*) FROM core.many WHERE a IN (5000, 10)").fetchall() == [(0,)]


def test_there_may_be_no_lake(origin: LakeSettings, tmp_path: Path) -> None:
    make_blank(tmp_path / "copy.sqlite", tmp_path / "nowhere")
    assert list_files(tmp_path / "copy.sqlite") == []
    assert not copy_catalog(origin, tmp_path / "copy.sqlite")
    assert not (tmp_path / "nowhere").exists()


def test_other_lakes_of_the_database_stay(postgres_database: str, tmp_path: Path) -> None:
    ours, theirs = (
        _lake(tmp_path / name, postgres_database).model_copy(update={"tenant": name}) for name in ("a", "b")
    )
    for each in (ours, theirs):
        _make_lake(each)
    remove_catalog(ours)
    assert not is_there(ours)
    assert is_there(theirs)
    assert schema_of(theirs) == "lake_b"


def test_a_file_outside_the_lake_cannot_be_copied(tmp_path: Path) -> None:
    lake = _lake(tmp_path / "origin", "")
    _make(lake)
    with _open(lake) as connection:
        connection.execute(f"COPY (SELECT 1::BIGINT AS a, 's' AS s, 2 AS later) TO '{tmp_path}/outside.parquet'")
        connection.execute(
            f"CALL ducklake_add_data_files('lake', 'many', '{tmp_path}/outside.parquet', schema => 'core')"
        )
    with pytest.raises(Permanent, match=r"outside\.parquet does not lie in the lake's own folder"):
        list_files(_copied(lake, tmp_path))


def test_a_catalog_that_is_none_is_told(tmp_path: Path) -> None:
    lake = _lake(tmp_path / "origin", "")
    lake.catalog_file.write_bytes(b"this is no database" * 100)
    with pytest.raises(Permanent, match="the lake of a-b cannot be read"):
        _copied(lake, tmp_path)
    with pytest.raises(Permanent, match="the lake of a-b cannot be read"):
        count(lake)


def test_relations_are_written_as_they_are(tmp_path: Path) -> None:
    lake = _lake(tmp_path / "origin", "")
    _make(lake)
    (tmp_path / "out").mkdir()
    counts = export_relations(lake, tmp_path / "out")
    with _open(lake) as connection, duckdb.connect(config=TRUSTING) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        assert {f"{name}.parquet" for name in counts} == {path.name for path in (tmp_path / "out").iterdir()}
        for name in ("core.many", "core.few", "core.offers"):
            rows = connection.execute(f"FROM {name} ORDER BY ALL").fetchall()
            read = reader.execute(f"FROM '{tmp_path}/out/{name}.parquet' ORDER BY ALL").fetchall()
            assert [[*map(str, row)] for row in read] == [[*map(str, row)] for row in rows]
            assert counts[name] == len(rows)
