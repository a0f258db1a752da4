"""The checks of cards, run on a real lake: exactly what is planted is found, and what cannot be run is no pass."""

import contextlib
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commerce.errors import Permanent
from tests.homes import TENANT
from warehouse.cards import Card, all_cards, card_of, parse_card
from warehouse.lake import Lake, LakeSettings
from warehouse.quality import CheckResult, QualityReport, Target, check_relations

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_parse' is deprecated:DeprecationWarning")  # as they import


@pytest.fixture
def lake(furnished_home, tmp_path):
    folder = shutil.copytree(furnished_home / "lake" / TENANT, tmp_path / "lake")
    settings = LakeSettings(
        tenant=TENANT, data_path=str(folder / "data"), catalog_file=folder / "catalog.sqlite", temp_path=tmp_path,
        threads=1,
    )  # fmt: skip
    return Lake(settings, lambda name: contextlib.nullcontext())


def _write(lake: Lake, *statements: str) -> int:
    """Run the statements in one transaction; the snapshot after it."""
    with lake.connect() as connection:
        lake.write(connection, lambda c: [c.execute(statement) for statement in statements], "test")
        return lake.snapshot(connection)


def _samples(lake: Lake, rows: list[tuple]) -> int:
    columns = "supplier VARCHAR, name VARCHAR, state VARCHAR, size DECIMAL(18, 4), low INT"
    values = ", ".join(str(row).replace("None", "NULL").replace('"o\'hara"', "'o''hara'") for row in rows)
    return _write(
        lake,
        f"CREATE TABLE IF NOT EXISTS core.samples ({columns})",
        f"INSERT INTO core.samples VALUES {values}",
    )


def _card(*checks: str) -> Card:
    listed = "\n".join(f"  - {{rule: It holds., {check}}}" for check in checks)
    columns = "{supplier: S., name: N., state: S., size: S., low: L.}"
    head = f"description: D.\nowner: o\nkind: table\ngrain: g\nkey: [name]\npii: []\ncolumns: {columns}\nchecks:\n"
    return parse_card("core.samples", head + listed)


def _report(lake: Lake, card: Card, **where: str) -> QualityReport:
    (report,) = check_relations(lake, [Target(card, where)], run_id="r1")
    return report


def _found(report: QualityReport) -> dict[str, tuple[str, int, list[str | None]]]:
    """Outcome, failing rows and the names in the examples, in a stable order, by check."""
    return {
        check.name: (check.outcome, check.failing_rows, sorted((row["name"] for row in check.sample), key=str))
        for check in report.checks
    }


SPELLED = "SELECT name FROM {batch} WHERE NOT regexp_matches(name, '^[a-z]{1}[:a-z]*$')"
EVERY_KIND = (
    "name: named, severity: fail, kind: not_null, column: name",
    "name: once, severity: fail, kind: unique, columns: [supplier, name]",
    "name: known, severity: fail, kind: in_set, column: state, values: [up, down]",
    "name: positive, severity: fail, kind: between, column: size, above: 0",
    "name: small, severity: warn, kind: between, column: size, min: -5, below: 100",
    "name: ordered, severity: warn, kind: holds, condition: low < size, columns: [low, size]",
    f'name: spelled, severity: fail, kind: row_query, query: "{SPELLED}"',
    "name: there, severity: fail, kind: not_empty",
)


def test_each_kind_of_check_finds_what_is_planted_and_nothing_else(lake):
    _samples(
        lake,
        [
            ("s", "good", "up", 5, 1), ("s", "empty", None, None, None), ("s", None, "up", 5, 1),
            ("s", "twice", "up", 5, 1), ("s", "twice", "down", 6, 1), ("s", "state", "DOWN", 5, 1),
            ("s", "zero", "up", 0, -1), ("s", "minus", "up", -5, -9), ("s", "tiny", "up", -5.0001, -9),
            ("s", "huge", "up", 100, 1), ("s", "low", "up", 5, 5), ("s", "Bad:1", "up", 5, 1), ("s", "a:b", "up", 5, 1),
        ],
    )  # fmt: skip
    report = _report(lake, _card(*EVERY_KIND))
    assert report.rows == 13
    assert _found(report) == {
        "named": ("failed", 1, [None]),
        "once": ("failed", 2, ["twice"]),
        "known": ("failed", 1, ["state"]),
        "positive": ("failed", 3, ["minus", "tiny", "zero"]),
        "small": ("failed", 2, ["huge", "tiny"]),
        "ordered": ("failed", 1, ["low"]),
        "spelled": ("failed", 1, ["Bad:1"]),
        "there": ("passed", 0, []),
    }
    assert [check.name for check in report.failed] == ["named", "once", "known", "positive", "spelled"]
    assert [check.name for check in report.warned] == ["small", "ordered"]


def test_an_example_shows_what_the_check_is_about(lake):
    _samples(lake, [("s", "low", "up", 5, 7)])
    samples = {check.name: check.sample for check in _report(lake, _card(*EVERY_KIND)).checks}
    assert samples["ordered"] == [{"name": "low", "low": "7", "size": "5.0000"}]


def test_counts_agree_with_python_on_random_rows(lake):
    chance = random.Random(20)
    rows = [
        ("s", chance.choice("abcdefgh") * chance.randint(1, 3), chance.choice(["up", "down", "odd", None]),
         chance.choice([None, chance.randint(-20, 150)]), chance.choice([None, chance.randint(-20, 150)]))
        for _ in range(400)
    ]  # fmt: skip
    _samples(lake, rows)
    names, sizes = [row[1] for row in rows], [row[3] for row in rows if row[3] is not None]
    counts = {check.name: check.failing_rows for check in _report(lake, _card(*EVERY_KIND)).checks}
    assert counts == {
        "named": 0,
        "once": sum(names.count(name) > 1 for name in names),
        "known": sum(row[2] == "odd" for row in rows),
        "positive": sum(size <= 0 for size in sizes),
        "small": sum(not -5 <= size < 100 for size in sizes),
        "ordered": sum(None not in row[3:] and row[4] >= row[3] for row in rows),
        "spelled": 0,
        "there": 0,
    }


def test_an_empty_relation_passes_everything_but_being_there(lake):
    _samples(lake, [("s", "a", "up", 5, 1)])
    _write(lake, "DELETE FROM core.samples")
    report = _report(lake, _card(*EVERY_KIND))
    assert [check.name for check in report.checks if not check.ok] == ["there"]


BROKEN = {
    "no_column": ("kind: holds, condition: wrong_name > 1, columns: [size]", "wrong_name"),
    "no_number": ("kind: holds, condition: CAST(state AS INTEGER) > 0, columns: [state]", "Could not convert"),
    "no_sql": ("kind: holds, condition: size >, columns: [size]", "syntax error"),
    "no_relation": ("kind: row_query, query: 'SELECT * FROM {batch} JOIN core.nowhere USING (name)'", "nowhere"),
    "no_row": ("kind: row_query, query: 'SELECT CAST(state AS INTEGER) AS n FROM {batch}'", "Could not convert"),
    "no_bound": ("kind: between, column: state, min: 1", "Cannot compare"),
}


def test_a_check_that_raises_is_an_error_and_spoils_no_other(lake):
    _samples(lake, [("s", "a", "up", 0, -5), ("s", "b", "up", 5, 1)])
    broken = [f"name: {name}, severity: warn, {check}" for name, (check, _) in BROKEN.items()]
    report = _report(lake, _card(*EVERY_KIND, *broken))
    outcomes = {name: [check.name for check in report.checks if check.outcome == name] for name in ("failed", "error")}
    assert outcomes == {"failed": ["positive"], "error": list(BROKEN)}
    errors = {check.name: check.error for check in report.checks if check.error is not None}
    assert [name for name, (_, told) in BROKEN.items() if told not in errors[name]] == []
    assert [check.name for check in report.failed] == ["positive", *BROKEN]
    assert report.warned == []


def test_only_the_rows_in_question_are_checked(lake):
    _samples(lake, [("s", "a", "up", 1, 0), ("o'hara", "b", "odd", 1, 0), ("o'hara", "c", "up", 1, 0)])
    card = _card(*EVERY_KIND)
    assert [_found(_report(lake, card, **where))["known"][1] for where in ({}, {"supplier": "s"})] == [1, 0]
    report = _report(lake, card, supplier="o'hara")
    assert (report.rows, _found(report)["known"]) == (2, ("failed", 1, ["b"]))
    assert _report(lake, card, supplier="o'hara", name="c").failed == []
    with pytest.raises(ValueError, match="no column weight"):
        _report(lake, card, weight="1")


def test_a_relation_is_checked_as_it_was_at_a_snapshot(lake):
    good = _samples(lake, [("s", "a", "up", 1, 0)])
    bad = _samples(lake, [("s", "b", "odd", 1, 0)])
    _write(lake, "DELETE FROM core.samples")
    target = Target(_card(*EVERY_KIND))
    reports = [check_relations(lake, [target], run_id="r1", snapshot=snapshot)[0] for snapshot in (good, bad)]
    assert [(report.snapshot, report.rows, len(report.failed)) for report in reports] == [(good, 1, 0), (bad, 2, 1)]
    assert _report(lake, target.card).snapshot == bad + 1
    with pytest.raises(Permanent, match="cannot be opened"):
        check_relations(lake, [target], run_id="r1", snapshot=bad + 1000)


def test_every_card_of_the_house_can_be_carried_out(lake):
    reports = check_relations(lake, [Target(card) for card in all_cards()], run_id="r1")
    assert [report.relation for report in reports] == [card.relation for card in all_cards()]
    assert [(report.relation, check.name, check.error) for report in reports for check in report.failed] == []


OFFER = {
    "tenant": "'acme'", "supplier": "'s'", "supplier_sku": "'good'", "gtin": "'8690000000001'",
    "gtins": "['8690000000001']", "title": "'Bardak'", "cost": "10", "list_price": "15", "currency": "'TRY'",
    "vat_rate": "20", "stock": "5", "stock_kind": "'exact'", "status": "'active'", "run_id": "'r1'",
    "source_file": "'f'", "row_number": "1", "updated_at": "now()",
}  # fmt: skip
PLANTED = {
    "sku_is_given": {"supplier_sku": "' '"},
    "status_is_known": {"status": "'gone'"},
    "missing_offers_say_since_when": {"status": "'missing'"},
    "cost_is_positive": {"cost": "0"},
    "list_price_is_positive": {"list_price": "-1", "cost": "NULL"},
    "price_names_its_currency": {"currency": "NULL"},
    "currency_is_iso": {"currency": "'TL'"},
    "vat_rate_is_a_percentage": {"vat_rate": "100.01"},
    "stock_is_not_negative": {"stock": "-1"},
    "stock_kind_is_known": {"stock_kind": "'about'"},
    "stock_says_its_kind": {"stock_kind": "NULL"},
    "gtin_has_gtin_form": {"gtin": "'869000000000'", "gtins": "['869000000000']"},
    "gtin_is_the_first_of_all": {"gtin": "NULL"},
    "offer_can_be_traced": {"row_number": "0"},
    "measures_are_not_negative": {"desi": "-0.5"},
    "title_is_given": {"title": "NULL"},
    "title_is_readable": {"title": "'Barda\ufffd'"},
    "cost_is_below_list_price": {"cost": "15.0001"},
    "active_offers_are_priced": {"cost": "NULL", "list_price": "NULL"},
}


def _aliased(row: dict[str, str]) -> str:
    return ", ".join(f'{value} AS "{name}"' for name, value in row.items())


def test_offers_with_one_thing_wrong_violate_one_check_each(lake):
    wrong = [OFFER | {"supplier_sku": f"'{name}'"} | planted for name, planted in PLANTED.items()]
    twice = [OFFER | {"supplier_sku": "'sku_is_unique'"}] * 2
    rows = [OFFER, *wrong, *twice]
    _write(lake, *(f"INSERT INTO core.offers BY NAME SELECT {_aliased(row)}" for row in rows))
    (report,) = check_relations(lake, [Target(card_of("core.offers"), {"supplier": "s"})], run_id="r1")
    found = {check.name: [row["supplier_sku"] for row in check.sample] for check in report.checks if not check.ok}
    assert found == {name: [name.replace("sku_is_given", " ")] for name in [*PLANTED, "sku_is_unique"]}
    assert {check.name for check in report.warned} == {
        "title_is_given", "title_is_readable", "cost_is_below_list_price", "active_offers_are_priced",
    }  # fmt: skip


def test_a_lake_with_its_catalog_in_postgresql_is_checked_alike(tmp_path, postgres_database):
    settings = LakeSettings(
        tenant="acme", data_path=str(tmp_path / "data"), catalog_file=tmp_path / "unused", temp_path=tmp_path,
        catalog_url=postgres_database.replace("+psycopg", ""),
    )  # fmt: skip
    lake = Lake(settings, lambda name: contextlib.nullcontext())
    good = _samples(lake, [("s", "a", "up", 1, 0)])
    _samples(lake, [("s", "b", "odd", 1, 0)])
    card = _card(*EVERY_KIND)
    assert _found(_report(lake, card))["known"] == ("failed", 1, ["b"])
    assert check_relations(lake, [Target(card)], run_id="r1", snapshot=good)[0].failed == []


def test_threads_may_check_at_once(lake):
    _samples(lake, [("s", "a", "up", 1, 0), ("t", "b", "odd", 1, 0)])
    card = _card(*EVERY_KIND)
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda supplier: _report(lake, card, supplier=supplier), "stst"))
    assert [len(report.failed) for report in reports] == [0, 1, 0, 1]


def test_long_and_odd_values_are_shown_as_short_text(lake):
    _samples(lake, [("s", "x" * 5000, "<b>", 1, 0)])
    check: CheckResult = next(check for check in _report(lake, _card(*EVERY_KIND)).checks if check.name == "known")
    assert check.sample == [{"name": "x" * 200, "state": "<b>"}]


_ALONE = """
import contextlib, pathlib, socket, sys
import meschain.wiring, warehouse.quality
assert "great_expectations" not in sys.modules, "too early"
def refuse(*args): raise AssertionError(f"speaks to {args}")
socket.socket.connect = socket.getaddrinfo = refuse
from warehouse.cards import card_of
from warehouse.lake import Lake, LakeSettings
place = pathlib.Path(sys.argv[1])
lake = Lake(LakeSettings(tenant="a", data_path=str(place / "data"), catalog_file=place / "c.sqlite", temp_path=place),
            lambda name: contextlib.nullcontext())
(report,) = warehouse.quality.check_relations(lake, [warehouse.quality.Target(card_of("core.offers"))], run_id="r")
assert not report.failed and "great_expectations" in sys.modules
"""


def test_it_is_imported_late_and_leaves_nothing_behind(tmp_path):
    """No file in the home or working folder, no connection to anywhere, not a word on the screen."""
    home, place, lake = (tmp_path / name for name in ("home", "place", "lake"))
    for folder in (home, place, lake):
        folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ALONE, str(lake)],
        check=False, cwd=place, env={"HOME": str(home), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for folder in (home, place) for path in folder.rglob("*")] == []
