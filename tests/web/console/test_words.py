"""The words of prices are complete: whatever the warehouse and the pricing room can say, a page has a word for."""

from importlib.resources import files
from typing import get_args

import yaml

from meschain.pricing.tables import RuleSetStatus
from meschain.pricing.terms import reference_terms
from meschain.web.console import price_words, sentences
from meschain.web.console.language import say
from meschain.web.console.term_kinds import NAMES, choices_of, kind_of
from meschain.web.console.views.terms import State
from warehouse import statements


def values(relation: str, column: str) -> set[str]:
    """What a card says that a column can hold."""
    text = files("warehouse").joinpath("sql", f"{relation}.yml").read_text(encoding="utf-8")
    checks = yaml.safe_load(text)["checks"]
    [found] = [check["values"] for check in checks if check["kind"] == "in_set" and check["column"] == column]
    return set(found)


def test_terms_and_what_they_can_be() -> None:
    assert price_words.TERM.keys() == set(NAMES)
    chosen = {value for name in NAMES if kind_of(name) == "choice" for value in choices_of(name)}
    assert price_words.TERM_VALUE.keys() == chosen


def test_reasons_causes_and_states() -> None:
    reasons = values("core/margin_refusals", "reason") | values("core/price_refusals", "reason")
    assert price_words.GAP.keys() == reasons
    assert price_words.REMEDIES.keys() == reasons - {"below_floor"}, "what the floor refuses is decided, not mended"
    assert price_words.CAUSE.keys() == values("core/price_changes", "cause")
    assert price_words.RULES_STATUS.keys() == set(get_args(RuleSetStatus))
    assert price_words.DATED.keys() == set(get_args(State))
    counted = {"new", "raised", "lowered", "unchanged", "no_rule"}
    assert price_words.OUTCOME.keys() == counted | price_words.GAP.keys()
    assert all(
        f"'{outcome}'" in statements.text("prices/judge") + statements.text("prices/counts") for outcome in counted
    )


def test_sources_and_shortcomings_are_still_said_and_are_translated() -> None:
    assert set(sentences.SOURCES) == {term.source for term in reference_terms()}
    said = statements.text("macros/lines").replace("''", "'")
    assert [text for text in sentences.SHORTCOMINGS if text not in said] == []
    for text in (*sentences.SOURCES, *sentences.SHORTCOMINGS):
        assert say("tr", text) != text
