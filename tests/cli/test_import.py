"""`meschain catalog import`: the object it prints, the exit codes, what it makes by itself and what it leaves alone."""

import gzip
from pathlib import Path

import pytest

from tests.catalog.shop import as_csv, goods
from tests.cli.command import Command

_COUNTS = ("read", "accepted", "quarantined", "new", "changed", "unchanged", "missing")


def _feed(rows: list[dict[str, object]], name: str = "feed.csv") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_csv(rows), encoding="utf-8")
    return path


def test_the_result_has_what_a_program_needs(meschain: Command) -> None:
    answer = meschain("catalog", "import", _feed(goods(40)), "--supplier", "acme", "--json")
    result = answer.json()
    assert (answer.code, answer.err) == (0, "")
    assert {name: result[name] for name in _COUNTS} == {
        "read": 40, "accepted": 40, "quarantined": 0, "new": 40, "changed": 0, "unchanged": 0, "missing": 0,
    }  # fmt: skip
    assert (result["status"], result["tenant"], result["supplier"], result["error"]) == (
        "applied",
        "default",
        "acme",
        None,
    )
    assert len(result["run_id"]) == 36
    assert result["seconds"] > 0
    assert result["peak_mb"] > 0


def test_applied_and_unchanged_are_0_and_held_is_3(meschain: Command) -> None:
    first = meschain("catalog", "import", _feed(goods(40)), "--supplier", "acme", "--json")
    same = meschain("catalog", "import", _feed(goods(40)), "--supplier", "acme", "--json")
    held = meschain("catalog", "import", _feed(goods(5)), "--supplier", "acme", "--json")
    assert [(answer.code, answer.json()["status"]) for answer in (first, same, held)] == [
        (0, "applied"), (0, "unchanged"), (3, "held"),
    ]  # fmt: skip
    assert held.json()["reasons"] == ["35 of 40 offers would vanish or can no longer be read (87.5%, bound 20%)"]
    assert held.err == ""


def test_a_failure_is_1_an_object_and_a_sentence(meschain: Command) -> None:
    bad = Path("bad.csv.gz")
    bad.write_bytes(gzip.compress(as_csv(goods(3)).encode())[:-9])
    answer = meschain("catalog", "import", bad, "--supplier", "acme", "--json")
    result = answer.json()
    assert (answer.code, result["status"]) == (1, "failed")
    assert {name: result[name] for name in _COUNTS} == dict.fromkeys(_COUNTS, 0)
    assert answer.err == f"Error: {result['error']}\n"
    assert "bad.csv.gz: the gzip data is cut off" in answer.err
    assert result["run_id"] == meschain("catalog", "runs", "--json").json()[0]["run_id"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.csv", "--supplier", "acme"], "nowhere.csv: no such file"),
        (["feed.csv", "--supplier", "Not A Slug"], "cannot name a supplier"),
        (["feed.csv", "--supplier", "acme", "--tenant", "Not A Slug"], "a tenant cannot be called"),
        (["feed.csv", "--supplier", "acme", "--profile", "nowhere.yml"], "nowhere.yml cannot be read"),
        (["feed.csv", "--supplier", "acme", "--profile", "feed.csv"], "feed.csv is not a feed profile"),
        (["feed.csv", "--supplier", "acme", "--profile", "twice.yml"], "line 2: 'currency' stands twice"),
    ],
)
def test_a_failure_before_the_run_begins_is_told_in_the_same_way(
    meschain: Command, arguments: list[str], told: str
) -> None:
    _feed(goods(3))
    Path("twice.yml").write_text("currency: EUR\ncurrency: USD\n", encoding="utf-8")
    answer = meschain("catalog", "import", *arguments, "--json")
    assert (answer.code, answer.json()["status"]) == (1, "failed")
    assert told in answer.json()["error"]
    assert told in answer.err
    assert meschain("catalog", "runs", "--json").json() == []


def test_a_folder_and_several_files_are_one_feed(meschain: Command) -> None:
    _feed(goods(2), "feed/a.csv")
    _feed(goods(4)[2:], "feed/b.csv")
    folder = meschain("catalog", "import", "feed", "--supplier", "acme", "--json").json()
    assert (folder["read"], [file["name"] for file in folder["files"]]) == (4, ["a.csv", "b.csv"])
    files = meschain("catalog", "import", "feed/a.csv", "feed/b.csv", "--supplier", "acme", "--json").json()
    assert (files["status"], files["unchanged"]) == ("unchanged", 4)


def test_the_first_import_makes_the_tenant_and_the_supplier(fresh_meschain: Command) -> None:
    answer = fresh_meschain("catalog", "import", _feed(goods(2)), "--supplier", "acme", "--json")
    assert (answer.code, answer.json()["tenant"]) == (0, "default")
    assert [each["supplier"] for each in fresh_meschain("supplier", "list", "--json").json()] == ["acme"]
    fresh_meschain("tenant", "add", "second")
    several = fresh_meschain("catalog", "import", _feed(goods(2)), "--supplier", "acme")
    assert several.code == 1
    assert "there are several tenants; choose one with --tenant: default, second" in several.err


def test_a_profile_may_be_given_with_the_feed(meschain: Command) -> None:
    Path("p.yml").write_text(
        "decimal: ','\ncurrency: EUR\nfields:\n  supplier_sku: {from: [sku]}\n  cost: {from: [price]}\n",
        encoding="utf-8",
    )
    feed = _feed([{"sku": "A", "price": "1.299,90"}])
    assert meschain("catalog", "import", feed, "--supplier", "acme", "--profile", "p.yml").code == 0
    rows = meschain("sql", "SELECT supplier_sku, cost, currency FROM core.offers", "--json").json()
    assert rows == [{"supplier_sku": "A", "cost": "1299.9000", "currency": "EUR"}]


def test_for_a_person_the_result_is_a_few_lines_and_no_bar(meschain: Command) -> None:
    rows = goods(40)
    rows[3]["price"] = "-1"
    answer = meschain("catalog", "import", _feed(rows), "--supplier", "acme")
    assert (answer.code, answer.err) == (0, "")
    assert "acme: applied" in answer.out
    assert "40 read, 39 accepted, 1 quarantined, 39 new" in answer.out
    assert "meschain catalog quarantine --supplier acme" in answer.out
    assert "\x1b" not in answer.out
    held = meschain("catalog", "import", _feed(goods(5)), "--supplier", "acme")
    assert "held because 35 of 39 offers would vanish" in " ".join(held.out.split())
    assert "meschain catalog diff" in held.out
