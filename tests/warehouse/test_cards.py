"""The cards say what the definitions say, and a card that cannot be right is refused with its mistakes."""

from pathlib import Path

import duckdb
import pytest
import yaml

import warehouse
from commerce.errors import Permanent
from warehouse import statements
from warehouse.cards import Card, all_cards, card_of, parse_card

RELATIONS = [name.replace("/", ".") for name in statements.relations()]
SQL = Path(warehouse.__file__).parent / "sql"


@pytest.fixture(scope="module")
def database():
    """All relations of a lake, in a plain database."""
    with duckdb.connect() as connection:
        statements.run(connection, "lake/schemas")
        for relation in statements.relations():
            statements.run(connection, relation)
        yield connection


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_card_has_the_columns_of_its_relation_in_order(relation, database):
    defined = [name for name, *_ in database.execute(f"DESCRIBE {relation}").fetchall()]
    assert list(card_of(relation).columns) == defined


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_card_says_whether_it_is_a_table_or_a_view(relation, database):
    schema, name = relation.split(".")
    query = "SELECT table_type FROM information_schema.tables WHERE table_schema = $schema AND table_name = $name"
    ((kind,),) = database.execute(query, {"schema": schema, "name": name}).fetchall()
    assert card_of(relation).kind == {"BASE TABLE": "table", "VIEW": "view"}[kind]


def test_every_relation_has_a_card_and_no_personal_data():
    cards = all_cards()
    assert [card.relation for card in cards] == RELATIONS
    assert [card.relation for card in cards if card.pii] == []


def test_every_description_is_a_sentence():
    texts = [text for card in all_cards() for text in (card.description, *card.columns.values())]
    texts += [check.rule for card in all_cards() for check in card.checks]
    assert [text for text in texts if not text.endswith(".")] == []


def test_offers_are_checked_for_what_matters():
    card = card_of("core.offers")
    names = {check.name for check in card.checks if check.severity == "fail"}
    assert len(card.checks) >= 12
    assert {"sku_is_unique", "status_is_known", "cost_is_positive", "price_names_its_currency"} <= names


def test_an_unknown_relation_is_refused():
    with pytest.raises(Permanent, match=r"no relation core\.nothing"):
        card_of("core.nothing")


CARD = """
description: Samples.
owner: tests
kind: table
grain: one sample
key: [name]
pii: []
columns: {name: Its name., size: Its size.}
checks:
  - {name: named, rule: It has a name., severity: fail, kind: not_null, column: name}
"""


def _changed(**parts: object) -> str:
    return yaml.safe_dump({**yaml.safe_load(CARD), **parts})


def _check(**parts: object) -> str:
    return _changed(checks=[{"name": "named", "rule": "It holds.", "severity": "fail", **parts}])


def test_a_card_is_read():
    card = parse_card("core.samples", CARD)
    assert isinstance(card, Card)
    assert (card.relation, card.key, card.checks[0].about) == ("core.samples", ("name",), ("name",))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a: [", "while parsing"),
        ("- just a list", "valid dictionary"),
        ("", "valid dictionary"),
        (_changed(grain=""), "grain"),
        (_changed(surprise=1), "surprise"),
        (_changed(key=["weight"]), "no such columns: weight"),
        (_changed(pii=["weight"]), "no such columns: weight"),
        (_changed(checks=[]), "checks"),
        (_changed(checks=yaml.safe_load(CARD)["checks"] * 2), "checks named twice: named"),
        (_check(kind="not_null", column="weight"), "no such columns: weight"),
        (_check(kind="regex", column="name"), "does not match any of the expected tags"),
        (_check(kind="not_null", column="name", severity="fatal"), "severity"),
        (_check(kind="not_null", column="name", name="Not a slug"), "name"),
        (_check(kind="not_null", column='name" IS NULL --'), "column"),
        (_check(kind="in_set", column="name", values=[]), "values"),
        (_check(kind="between", column="size"), "at least one"),
        (_check(kind="between", column="size", min=0, above=0), "min or above"),
        (_check(kind="holds", condition="size > 0", columns=[]), "columns"),
        (_check(kind="row_query", query="FROM core.samples"), "query"),
    ],
)
def test_a_card_that_cannot_be_right_is_refused(text, mistake):
    with pytest.raises(Permanent, match=mistake) as refused:
        parse_card("core.samples", text)
    assert "core.samples" in str(refused.value)


def test_cards_lie_beside_their_relations():
    lonely = [path.name for path in SQL.rglob("*.yml") if not path.with_suffix(".sql").exists()]
    assert lonely == []
