"""What is written as text is read back as it was, to the last bit, and goes into a blank store of either kind."""

import importlib
import io
import json
import math
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Numeric, Table, insert, inspect, select, text

from commerce.errors import Permanent
from meschain.access.tables import Tenant
from meschain.access.tenants import create_tenant
from meschain.audit.tables import Head
from meschain.settings import Settings
from meschain.store import loading
from meschain.store.base import Base
from meschain.store.dump import REVISIONS, Row, Shape, list_shapes, parse_rows, read_rows, revision_of, write_rows
from meschain.store.engine import open_engine
from meschain.store.loading import is_blank, load
from meschain.store.schema import is_current, newest_revision, upgrade
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant

PROJECT = Path(__file__).resolve().parents[2]
for _tables in sorted((PROJECT / "meschain").rglob("tables.py")):
    importlib.import_module(".".join(_tables.relative_to(PROJECT).with_suffix("").parts))
SHAPE = Shape(
    "things",
    {
        "id": "text", "flag": "boolean", "data": "bytes", "size": "integer", "weight": "float", "body": "json",
        "at": "time", "day": "date",
    },
    ("id",),
)  # fmt: skip
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.dictionaries(_TEXT, inner))
_BODY = st.dictionaries(_TEXT, _JSON).map(json.dumps) | st.just('{"b":  1, "a": 1e400, "b": 2}')
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=3))])
_MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=_ZONES)  # noqa: DTZ001  bounds
ROWS = st.fixed_dictionaries(
    {
        "id": _TEXT,
        "flag": st.none() | st.booleans(),
        "data": st.none() | st.binary(),
        "size": st.none() | st.integers(-(2**63), 2**63 - 1),
        "weight": st.none() | st.floats(allow_nan=False),
        "body": st.none() | _BODY,
        "at": st.none() | _MOMENTS,
        "day": st.none() | st.dates(),
    }
)


def through(rows: list[Row], shape: Shape = SHAPE) -> list[Row]:
    file = io.BytesIO()
    assert write_rows(file, shape, [dict(row) for row in rows]) == len(rows)
    file.seek(0)
    return list(parse_rows(file, shape))


# The state of `random` is the whole process's: seen to change meanwhile, though no strategy here uses it.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@given(st.lists(ROWS, max_size=5))
def test_rows_come_back_as_they_were(rows: list[Row]) -> None:
    assert through(rows) == rows


def test_what_is_no_number_is_told_apart() -> None:
    row = dict.fromkeys(SHAPE.columns) | {"id": "a"}
    [back] = through([{**row, "weight": math.nan}])
    assert math.isnan(back["weight"])
    assert through([{**row, "weight": -math.inf}])[0]["weight"] == -math.inf


def test_a_line_is_one_object_that_anybody_can_read() -> None:
    file = io.BytesIO()
    write_rows(
        file,
        SHAPE,
        [
            {
                "id": "ğ\n",
                "flag": True,
                "data": b"\0\xff",
                "size": 7,
                "weight": 0.1,
                "body": "{}",
                "at": None,
                "day": date(2026, 9, 18),
            }
        ],
    )
    [line] = file.getvalue().splitlines()
    told = {
        "id": "ğ\n", "flag": True, "data": "AP8=", "size": 7, "weight": 0.1, "body": "{}", "at": None,
        "day": "2026-09-18",
    }  # fmt: skip
    assert json.loads(line) == told


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"data": "?"}', b'{"at": "yesterday"}', b'{"day": "2026-02-30"}'])
def test_a_line_that_is_none_is_named(line: bytes) -> None:
    good = b'{"id":"a","flag":null,"data":null,"size":null,"weight":null,"body":null,"at":null,"day":null}\n'
    with pytest.raises(Permanent, match="line 2 of things cannot be read"):
        list(parse_rows([good, good.replace(b"}", b"," + line[1:]) if line != b"[]" else line], SHAPE))


def test_what_the_database_holds_is_read_exactly(engine: Engine) -> None:
    """JSON with its spaces, its order and digits that no driver's number has."""
    body = '{"b": 1,   "a": 12345678901234567890.10, "\\u0000": "x"}'
    with engine.begin() as connection:
        shapes = {shape.name: shape for shape in list_shapes(connection)}
        flows = shapes["runs_flows"]
        row = {"name": "a", "description": "d", "parameters": body, "tags": "[1.10]", "announced_at": datetime.now(UTC)}
        connection.execute(insert(flows.table()), [row])
        assert list(read_rows(connection, flows)) == [row]
        assert list(read_rows(connection, flows, {"name": "b"})) == []
        assert shapes.keys() == Base.metadata.tables.keys()
        assert {name: shape.key for name, shape in shapes.items()} == {
            table.name: tuple(column.name for column in table.primary_key) for table in Base.metadata.sorted_tables
        }
        assert revision_of(connection) == newest_revision()


def test_a_column_that_cannot_be_kept_exactly_is_refused(engine: Engine) -> None:
    Table("prices", MetaData(), Column("amount", Numeric(18, 4))).create(engine)
    with engine.connect() as connection, pytest.raises(Permanent, match=r"column amount of prices is NUMERIC\(18, 4\)"):
        list_shapes(connection)


def test_no_table_counts_by_itself() -> None:
    """Rows are put in with their keys; a sequence of the database would have to be told."""
    found = {table.name: table.autoincrement_column for table in Base.metadata.sorted_tables}
    assert {name for name, column in found.items() if column is not None} == set()


@pytest.fixture
def blank(blank_store_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_store_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Shape, list[Row]]]:
    """The tables of a small store."""
    folder = tmp_path_factory.mktemp("dumped")
    engine = open_engine(f"sqlite:///{folder / 'store.sqlite'}")
    upgrade(engine, folder)
    create_tenant(engine, "acme", name="Ağaç")
    with reading(of_every_tenant(engine)) as session:
        connection = session.connection()
        tables = {shape.name: (shape, list(read_rows(connection, shape))) for shape in list_shapes(connection)}
    engine.dispose()
    return tables


def fill(engine: Engine, tables: dict[str, tuple[Shape, list[Row]]], **changed: list[Row]) -> None:
    rows = {name: found for name, (_, found) in tables.items()} | changed
    load(
        engine, newest_revision() or "", [shape for shape, _ in tables.values()], lambda s: rows[s.name], lambda _: None
    )


def stored(engine: Engine) -> dict[str, list[Row]]:
    with reading(of_every_tenant(engine)) as session:
        connection = session.connection()
        return {shape.name: list(read_rows(connection, shape)) for shape in list_shapes(connection)}


def test_a_blank_store_takes_the_rows_and_is_like_any_other(blank: Engine, dumped: Any, settings: Settings) -> None:
    assert is_blank(blank)
    fill(blank, dumped)
    assert stored(blank) == {name: rows for name, (_, rows) in dumped.items()}
    assert is_current(blank)
    assert not is_blank(blank)
    create_tenant(blank, "other")
    with transaction(blank) as session:
        assert sorted(session.scalars(select(Tenant.slug))) == ["acme", "other"]
    with pytest.raises(Permanent, match="the store has tables already"):
        fill(blank, dumped)


def test_a_row_that_a_migration_has_made_gives_way(blank: Engine, dumped: Any) -> None:
    [head] = dumped["audit_head"][1]
    fill(blank, dumped, audit_head=[{**head, "size": 7, "frontier": b"grown"}])
    with reading(blank) as session:
        assert [(row.size, row.frontier) for row in session.scalars(select(Head))] == [(7, b"grown")]


def test_what_goes_wrong_leaves_the_store_blank(blank: Engine, dumped: Any) -> None:
    [tenant] = dumped["access_tenants"][1]
    orphan = {"tenant_id": "nobody", "user_id": "nobody", "created_at": datetime.now(UTC)}
    with pytest.raises(Permanent, match="nothing was changed"):
        fill(blank, dumped, access_memberships=[orphan])
    with pytest.raises(Permanent, match="rows of access_tenants do not go in"):
        fill(blank, dumped, access_tenants=[tenant, {**tenant, "id": "x"}])
    with pytest.raises(RuntimeError, match="the end"):
        load(blank, newest_revision() or "", [s for s, _ in dumped.values()], lambda s: dumped[s.name][1], _fail)
    without = {name: found for name, found in dumped.items() if name != "access_tenants"}
    with pytest.raises(Permanent, match="access_tenants: not as the tables of that revision are"):
        fill(blank, without)
    with pytest.raises(Permanent, match="revision 9999, which this MesChain does not know"):
        load(blank, "9999", [], lambda _: [], lambda _: None)
    assert is_blank(blank)
    fill(blank, dumped)


def _fail(_session: object) -> None:
    raise RuntimeError("the end")


def test_rows_of_an_earlier_revision_are_brought_up_to_date(blank: Engine, tmp_path: Path) -> None:
    earlier = open_engine(f"sqlite:///{tmp_path / 'earlier.sqlite'}", foreign_keys=False)
    with earlier.begin() as connection:
        loading.command.upgrade(loading._config(connection), "0002")
        now = "2026-01-01 00:00:00.000000"
        connection.execute(
            text("INSERT INTO access_tenants VALUES ('t', 'acme', 'Acme', NULL, 'UTC', :now)"), {"now": now}
        )
        shapes = list_shapes(connection)
        rows = {shape.name: list(read_rows(connection, shape)) for shape in shapes}
    earlier.dispose()
    load(blank, "0002", shapes, lambda shape: rows[shape.name], lambda _: None)
    with reading(blank) as session:
        assert [(tenant.slug, tenant.version) for tenant in session.scalars(select(Tenant))] == [("acme", 1)]


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), unique_by=lambda pair: pair[0]))
def test_parents_come_before_children(pairs: list[tuple[int, int | None]]) -> None:
    rows = [{"id": row, "base": base} for row, base in pairs]
    references = [(("base",), ("id",))]
    shape = Shape("runs", {"id": "integer", "base": "integer"}, ("id",))
    placed: list[Row] = []
    with pytest.raises(Permanent, match="that are not there") if _has_lost(rows) else nullcontext():
        for row in loading._parents_first(rows, shape, references):
            assert row["base"] in {None, row["id"], *(before["id"] for before in placed)}
            placed.append(row)
    if not _has_lost(rows):
        assert sorted(placed, key=str) == sorted(rows, key=str)


def _has_lost(rows: list[Row]) -> bool:
    """Whether a row refers to none that is there, or rows refer to each other in a circle."""
    bases = {row["id"]: row["base"] for row in rows}
    for start in bases:
        seen = set()
        place = start
        while place is not None and bases.get(place, "lost") != place:
            if place not in bases or place in seen:
                return True
            seen.add(place)
            place = bases[place]
    return False


def test_revisions_are_no_data(engine: Engine) -> None:
    assert REVISIONS in inspect(engine).get_table_names()
    with engine.connect() as connection:
        assert REVISIONS not in {shape.name for shape in list_shapes(connection)}
