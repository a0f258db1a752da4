"""`meschain margin`, `term`, `tariff`, `price`: from a quote to a price that the floor refuses and somebody allows."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.catalog.shop import as_csv, goods
from tests.cli.command import Command

QUOTE = ("margin", "quote", "--json", "--price", 600, "--cost", 300, "--vat", 20, "--commission", 15, "--cargo", 83.93,
         "--service", 10.19)  # fmt: skip


def test_the_worked_example(meschain: Command) -> None:
    answer = meschain(*QUOTE, "--returns", 8, "--return-cargo", 83.93, "--target-profit", 60)
    found = answer.json()
    wanted = ("net_cash", "net_economic", "payable_vat", "withholding", "break_even_price", "expected_profit", "price")
    assert (answer.code, answer.err) == (0, "")
    assert [found[name] for name in wanted] == ["91.57", "96.57", "19.31", "5.00", "469.19", "72.37", "554.89"]
    assert found["assumed"]["withholding_rate"]["source"]
    assert found["components"]["commission_net"] == "75.00"


def test_the_same_sale_as_another_calculator_takes_it(meschain: Command) -> None:
    answer = meschain(
        *QUOTE[:-1], 8.49, "--commission-base", "net", "--commission-vat", "none", "--no-input-vat-credit",
        "--withholding", 0,
    )  # fmt: skip
    assert answer.json()["net_cash"] == "32.58"


def test_nothing_to_compute_is_said(meschain: Command) -> None:
    answer = meschain("margin", "compute")
    assert (answer.code, answer.err) == (0, "")
    assert "no active offer on an active channel" in answer.out


@pytest.fixture
def shop(meschain: Command) -> Command:
    """Thirty offers that cost 1 to 30, one channel, what is taken there, and a carrier."""
    Path("feed.csv").write_text(as_csv(goods(30, cost=lambda number: f"{number}.00")))
    Path("cargo.csv").write_text("carrier,desi,price_from,price_below,amount\nAras Kargo,5,0,,8.00\n")
    source = ("--source", "contract")
    made = (
        meschain("catalog", "import", "feed.csv", "--supplier", "acme"),
        meschain("channel", "add", "shop", "--currency", "TRY"),
        meschain("term", "add", "commission_rate", 15, *source, "--channel", "shop", "--since", "2026-01-01"),
        meschain("term", "add", "carrier", "Aras Kargo", *source, "--since", "2026-01-01"),
        meschain("term", "add", "desi", 5, *source, "--since", "2026-01-01"),
        meschain("tariff", "import", "cargo.csv", "--since", "2026-01-01", *source),
    )
    assert [answer.code for answer in made] == [0] * len(made), made
    return meschain


def test_terms_and_tariffs_are_listed_ended_and_taken_back(shop: Command) -> None:
    terms = {each["name"]: each for each in shop("term", "list", "--json").json()}
    assert {name: each["value"] for name, each in terms.items()} == {
        "commission_rate": "15", "carrier": "Aras Kargo", "desi": "5",
    }  # fmt: skip
    assert shop("term", "end", terms["desi"]["id"], "--on", "2026-06-01").code == 0
    assert shop("term", "remove", terms["carrier"]["id"]).code == 0
    assert {each["name"]: each["until"] for each in shop("term", "list", "--json").json()} == {
        "commission_rate": None, "desi": "2026-06-01",
    }  # fmt: skip
    (tariff,) = shop("tariff", "list", "--json").json()
    assert shop("tariff", "remove", tariff["id"]).code == 0
    assert shop("tariff", "list", "--json").json() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "- name: a\n  floor: {profit: 50}\n  price: {kind: list_price}\n  floor: {profit: -100}",
            "line 4: 'floor' stands twice",
        ),
        ("- name: a\n  price: {kind: markup, rate: 1:30}", "price.markup.rate"),
        ("name: a", "rules.yml holds no list of rules"),
    ],
)
def test_rules_that_say_two_things_at_once_or_no_number_are_kept_nowhere(
    meschain: Command, text: str, told: str
) -> None:
    Path("rules.yml").write_text(text, encoding="utf-8")
    answer = meschain("price", "draft", "rules.yml")
    assert (answer.code, told in answer.err) == (1, True), answer.err
    assert meschain("price", "rules", "--json").json() == []


def test_a_price_below_its_floor_waits_for_somebody(shop: Command) -> None:
    rules = [{"name": "cheap", "price": {"kind": "markup", "rate": 150}, "floor": {"profit": 5}}]
    Path("rules.json").write_text(json.dumps(rules))
    assert shop("price", "draft", "rules.json", "--json").code == 0
    assert shop("price", "activate", 1).code == 0
    assert shop("price", "refresh").code == 3  # something was refused
    listed, refused = shop("price", "list", "--json").json(), shop("price", "refused", "--json", "--limit", 50).json()
    assert len(listed) + len(refused) == 30
    assert listed
    below = [each for each in refused if each["reason"] == "below_floor"]
    assert below
    one = below[0]
    key = ("shop", "acme", one["supplier_sku"])
    early = shop("price", "history", *key, "--json")
    assert early.json() == []
    allowed = shop("price", "approve", *key, "--note", "last ones of a series")
    assert (allowed.code, allowed.err) == (0, "")
    assert shop("price", "refresh").code == 3  # something was refused
    (change,) = shop("price", "history", *key, "--json").json()
    assert (change["cause"], change["approval_id"] is None) == ("new", False)
    assert Decimal(change["after"]) < Decimal(one["floor_price"])
