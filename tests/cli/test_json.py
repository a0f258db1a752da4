"""What programs read: with `--json` every command prints one JSON document.

When it fails it prints nothing; those whose result is a run (import, sync, retry) print that of the failed run.
"""

import shutil
from pathlib import Path

import pytest

from tests.catalog.shop import as_csv, goods, open_shop
from tests.cli.command import Command


@pytest.fixture(scope="session")
def busy_home(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an applied and a held run, and a quarantined row; to be copied, never used."""
    folder = tmp_path_factory.mktemp("busy")
    rows = goods(40)
    rows[3]["price"] = "-1"
    with open_shop(shutil.copytree(furnished_home, folder / "home"), "default", folder) as shop:
        assert [shop.sync(feed).status for feed in (rows, goods(5))] == ["applied", "held"]
    return folder / "home"


@pytest.fixture
def busy(busy_home: Path, meschain: Command) -> Command:
    """The command on a copy of it, beside the feed that is held."""
    shutil.rmtree(meschain.home)
    shutil.copytree(busy_home, meschain.home)
    Path("less.csv").write_text(as_csv(goods(5)), encoding="utf-8")
    return meschain


def test_a_run_from_its_hold_to_its_rollback(busy: Command) -> None:
    held, applied = busy("catalog", "runs", "--json").json()
    assert (held["status"], applied["status"]) == ("held", "applied")
    assert busy("catalog", "runs", "--supplier", "acme", "--limit", "1", "--json").json() == [held]

    difference = busy("catalog", "diff", held["run_id"], "--limit", "1", "--json").json()
    assert difference["kinds"] == {"missing": 35, "new": 1}
    assert len(difference["examples"]) == 1
    assert difference["examples"][0]["changes"][0] == {"field": "status", "before": "active", "after": "missing"}

    rejected = busy("catalog", "reject", held["run_id"], "--note", "cut off", "--json")
    assert (rejected.code, rejected.json()["status"]) == (0, "rejected")
    again = busy("catalog", "import", "less.csv", "--supplier", "acme", "--json")
    approved = busy("catalog", "approve", again.json()["run_id"], "--json")
    assert (again.code, approved.code, approved.json()["status"], approved.json()["missing"]) == (3, 0, "applied", 35)

    undone = busy("catalog", "rollback", approved.json()["run_id"], "--json")
    assert (undone.code, undone.json()["kind"], undone.json()["status"]) == (0, "rollback", "applied")
    history = busy("catalog", "history", "A040", "--json").json()
    assert [row["kind"] for row in history if row["field"] == "status"] == ["new", "missing", "restored"]


def test_quarantine_and_retry(busy: Command) -> None:
    found = busy("catalog", "quarantine", "--supplier", "acme", "--json").json()
    assert [(row["reason"], row["rows"]) for row in found["reasons"]] == [("negative_number", 1)]
    assert found["entries"][0]["supplier_sku"] == "A004"
    assert busy("catalog", "quarantine", "--reason", "no_such", "--json").json()["entries"] == []
    retried = busy("catalog", "retry", "acme", "--json")
    assert (retried.code, retried.json()["kind"], retried.json()["quarantined"]) == (0, "retry", 1)


def test_preview(meschain: Command) -> None:
    Path("feed.csv").write_text(as_csv(goods(30)), encoding="utf-8")
    seen = meschain("catalog", "preview", "feed.csv", "--json").json()
    assert (seen["certain"], seen["doubts"], len(seen["offers"])) == (True, [], 20)
    assert seen["profile"]["fields"]["list_price"] == {"from": ["price"]}
    saved = meschain("catalog", "preview", "feed.csv", "--save", "--supplier", "acme", "--json")
    assert saved.json() == seen
    assert meschain("supplier", "profile", "acme", "--json").json()["profile"] == seen["profile"]


def test_suppliers(meschain: Command) -> None:
    secret = "p4ss-w0rd-of-acme"
    made = meschain(
        "supplier", "add", "acme", "--url", "https://feeds.example/a.csv", "--username", "ayse", "--password", secret,
        "--header", f"X-Key: {secret}", "--query", f"token={secret}", "--every", "60", "--title", "Acme A.Ş.", "--json",
    )  # fmt: skip
    assert (made.code, made.json()["name"], made.json()["kind"]) == (0, "Acme A.Ş.", "http")
    assert [each["supplier"] for each in meschain("supplier", "list", "--json").json()] == ["acme"]
    shown = meschain("supplier", "show", "acme", "--json")
    assert shown.json()["source"]["urls"] == ["https://feeds.example/a.csv"]
    printed = "".join(
        answer.out + answer.err
        for answer in (made, shown, meschain("supplier", "show", "acme"), meschain("supplier", "list"))
    )
    assert secret not in printed


def test_channels(meschain: Command) -> None:
    made = meschain("channel", "add", "trendyol", "--currency", "TL", "--title", "Trendyol", "--json")
    assert (made.code, made.json()["name"], made.json()["currency"]) == (0, "Trendyol", "TRY")
    assert meschain("channel", "show", "trendyol", "--json").json() == made.json()
    changed = meschain("channel", "change", "trendyol", "--inactive", "--json")
    assert (changed.code, changed.json()) == (0, {**made.json(), "active": False})
    renamed = meschain("channel", "change", "trendyol", "--title", "", "--active", "--json").json()
    assert (renamed["name"], renamed["active"]) == ("trendyol", True)
    assert meschain("channel", "list", "--json").json() == [renamed]
    assert "trendyol │ TRY" in meschain("channel", "list").out.replace("┃", "│")
    assert "TRY" in meschain("channel", "show", "trendyol").out
    assert "Say what to change" in meschain("channel", "change", "trendyol").err
    assert "there is no channel 'n11'; there are: trendyol" in meschain("channel", "change", "n11", "--active").err
    assert "expected an ISO 4217 code" in meschain("channel", "add", "n11", "--currency", "LIRA").err


def test_the_first_channel_makes_the_tenant(fresh_meschain: Command) -> None:
    made = fresh_meschain("channel", "add", "trendyol", "--currency", "TRY")
    assert (made.code, made.out) == (0, "Channel trendyol is there; its prices are in TRY.\n")
    assert [each["tenant"] for each in fresh_meschain("tenant", "list", "--json").json()] == ["default"]


def test_a_profile_is_shown_as_yaml_that_can_be_given_back(meschain: Command) -> None:
    Path("feed.csv").write_text(as_csv(goods(3)), encoding="utf-8")
    assert "acme has no profile yet" in _after_adding(meschain).err
    meschain("catalog", "import", "feed.csv", "--supplier", "acme")
    written = meschain("supplier", "profile", "acme").out
    Path("p.yml").write_text(written, encoding="utf-8")
    same = meschain("supplier", "profile", "acme", "--set", "p.yml", "--json").json()
    assert (same["version"], same["origin"]) == (1, "proposed")
    Path("p.yml").write_text(f"{written}currency: EUR\n", encoding="utf-8")
    changed = meschain("supplier", "profile", "acme", "--set", "p.yml", "--json").json()
    assert (changed["version"], changed["origin"], changed["profile"]["currency"]) == (2, "declared", "EUR")
    Path("p.yml").write_text("fields: {price: {from: [a]}}", encoding="utf-8")
    wrong = meschain("supplier", "profile", "acme", "--set", "p.yml", "--json")
    assert (wrong.code, wrong.out) == (1, "")
    assert "p.yml is not a feed profile" in wrong.err


def _after_adding(meschain: Command):
    meschain("supplier", "add", "acme")
    return meschain("supplier", "profile", "acme")


def test_tenants(meschain: Command) -> None:
    made = meschain("tenant", "add", "second", "--currency", "TRY", "--time-zone", "Europe/Berlin", "--json").json()
    assert (made["tenant"], made["currency"], made["time_zone"]) == ("second", "TRY", "Europe/Berlin")
    changed = meschain("tenant", "set", "second", "--currency", "EUR", "--title", "İkinci", "--json").json()
    assert (changed["currency"], changed["name"], changed["time_zone"]) == ("EUR", "İkinci", "Europe/Berlin")
    assert meschain("tenant", "set", "second", "--currency", "", "--json").json()["currency"] is None
    assert [each["tenant"] for each in meschain("tenant", "list", "--json").json()] == ["default", "second"]
    for arguments in (
        ["add", "second"],
        ["add", "a/b"],
        ["set", "third", "--currency", "EUR"],
        ["set", "second", "--currency", "TL"],
    ):
        answer = meschain("tenant", *arguments, "--json")
        assert (answer.code, answer.out) == (1, "")


def test_the_tenants_currency_is_that_of_prices_without_one(meschain: Command) -> None:
    Path("feed.csv").write_text("sku,cost\nA,1.50\n", encoding="utf-8")
    meschain("tenant", "set", "default", "--currency", "USD")
    meschain("catalog", "import", "feed.csv", "--supplier", "acme")
    question = "SELECT cost, currency FROM core.offers"
    assert meschain("sql", question, "--json").json() == [{"cost": "1.5000", "currency": "USD"}]
    meschain("tenant", "set", "default", "--currency", "EUR")
    again = meschain("catalog", "import", "feed.csv", "--supplier", "acme", "--json")
    assert again.json()["changed"] == 1
    assert meschain("sql", question, "--json").json() == [{"cost": "1.5000", "currency": "EUR"}]


def test_sql_gives_rows_as_objects(busy: Command) -> None:
    rows = busy(
        "sql", "SELECT supplier_sku, list_price, stock, gtins, updated_at, true AS yes, NULL AS nothing "
        "FROM core.offers ORDER BY 1 LIMIT 1", "--json",
    ).json()  # fmt: skip
    [row] = rows
    assert row.pop("updated_at").endswith(("+00:00", "Z"))
    assert row == {
        "supplier_sku": "A001",
        "list_price": "1.5000",
        "stock": "1.000",
        "gtins": None,
        "yes": True,
        "nothing": None,
    }
    assert busy("sql", "SELECT 1 AS a WHERE false", "--json").json() == []
    wrong = busy("sql", "SELECT nothing FROM core.offers", "--json")
    assert (wrong.code, wrong.out) == (1, "")
    assert "The query cannot be answered" in wrong.err


def test_sql_prints_every_type_that_a_query_can_give(meschain: Command) -> None:
    values = {
        "1::DECIMAL(38, 9)": "1.000000000",
        "DATE '2026-05-01'": "2026-05-01",
        "TIME '12:30:00'": "12:30:00",
        "INTERVAL 90 MINUTE": "PT5400S",
        "UUID '01a20a18-53a9-7223-8a9f-d00ee7b7bdbc'": "01a20a18-53a9-7223-8a9f-d00ee7b7bdbc",
        "{'a': 1, 'b': [1.5::DECIMAL(4, 2)]}": {"a": 1, "b": ["1.50"]},
        "MAP {'k': DATE '2026-05-01'}": {"k": "2026-05-01"},
        "170141183460469231731687303715884105727::HUGEINT": 170141183460469231731687303715884105727,
        "'\\xAA'::BLOB": "qg==",
    }
    for expression, expected in values.items():
        answer = meschain("sql", f"SELECT {expression} AS v", "--json")
        assert (answer.err, answer.code) == ("", 0), expression
        assert answer.json() == [{"v": expected}], expression


def test_doctor(meschain: Command) -> None:
    answer = meschain("doctor", "--json")
    result = answer.json()
    assert (answer.code, result["healthy"], answer.err) == (0, True, "")
    assert {"name": "MESCHAIN_HOME", "value": str(meschain.home), "origin": "environment"} in result["settings"]


@pytest.mark.parametrize("command", ["sync", "retry"])
def test_a_run_that_could_not_begin_is_told_as_one_that_failed(meschain: Command, command: str) -> None:
    answer = meschain("catalog", command, "nobody", "--json")
    assert (answer.code, answer.json()["status"], answer.json()["run_id"]) == (1, "failed", None)
    assert (answer.json()["tenant"], answer.json()["supplier"]) == ("default", "nobody")
    assert answer.json()["error"].startswith("there is no supplier 'nobody'")
    assert answer.err == f"Error: {answer.json()['error']}\n"


def test_a_command_that_fails_prints_nothing_but_its_sentence(meschain: Command) -> None:
    for arguments in (
        ["catalog", "diff", "zzz"], ["catalog", "approve", "zzz"], ["catalog", "reject", "zzz"],
        ["catalog", "rollback", "zzz"],
        ["catalog", "history", "nothing"], ["catalog", "runs", "--tenant", "nobody"],
        ["channel", "show", "nobody"], ["channel", "change", "nobody", "--active"],
        ["channel", "add", "A B", "--currency", "TRY"],
        ["supplier", "show", "nobody"], ["supplier", "profile", "nobody"], ["sql", "DROP TABLE core.offers"],
    ):  # fmt: skip
        answer = meschain(*arguments, "--json")
        assert (answer.code, answer.out) == (1, ""), arguments
        assert answer.err.startswith("Error: "), arguments
        assert answer.err.count("\n") == 1, arguments
