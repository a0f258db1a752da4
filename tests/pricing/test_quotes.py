"""A quote: what was said, what was taken for granted, and prices that hold what they promise."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from commerce.errors import Refused
from meschain.pricing.explanation import explain
from meschain.pricing.quotes import Asked, Quote, quote
from meschain.pricing.resolution import Sale, resolve
from meschain.pricing.terms import Settings, Terms, reference_terms
from warehouse.margins import Grid, Target

D = Decimal
TODAY = date(2026, 11, 28)
SAID = {"vat_rate": D(20), "commission_rate": D(15), "cargo": D("83.93"), "service_fee": D("10.19")}


def asked(terms: dict[str, Any], day: date = TODAY, **more: Any) -> Quote:
    return quote(Asked(price=D(600), cost=D(300), terms=SAID | terms, day=day, **more))


def test_the_worked_example():
    found = asked({"return_rate": 8, "return_cargo": D("83.93")}, target=Target(D(60)))
    parts = found.components
    assert (parts["net_cash"], parts["net_economic"], parts["expected_profit"]) == (D("91.57"), D("96.57"), D("72.37"))
    assert (found.break_even_price, found.price) == (D("469.19"), D("554.89"))


def test_as_another_public_calculator_takes_it():
    other = {"commission_base": "net", "commission_vat": "none", "vat_credit": False, "withholding_rate": 0}
    found = asked(other | {"service_fee": D("8.49")})
    assert (found.components["net_cash"], found.price) == (D("32.58"), None)


def test_a_price_for_a_profit_stands_on_the_grid():
    found = asked({}, target=Target(D(60)), grid=Grid(D(10), D("9.90")))
    assert (found.price, found.break_even_price) == (D("559.90"), D("469.19"))


def test_what_nobody_said_is_named_with_its_source():
    named = {term.name: term for term in asked({}).assumed}
    assert named.keys() == Terms.model_fields.keys() - SAID.keys()
    assert (named["withholding_rate"].value, named["withholding_rate"].since) == ("1", date(2025, 1, 1))
    assert "9284" in named["withholding_rate"].source


def test_terms_are_those_of_the_day():
    assert asked({}, day=date(2024, 12, 31)).components["withholding"] == 0
    with pytest.raises(Refused, match=r"no reference for a sale in TRY on 2017-12-31"):
        asked({}, day=date(2017, 12, 31))


def test_a_value_that_cannot_be_is_refused_by_its_name():
    with pytest.raises(Refused, match=r"commission_rate: Decimal\('101'\) cannot be; .*less than or equal to 100"):
        asked({"commission_rate": D(101)})
    with pytest.raises(Refused, match="comission_rate: 15 cannot be"):
        asked({"comission_rate": 15})


def test_the_reference_has_every_term_at_any_time():
    for day in (date(2018, 1, 1), date(2023, 7, 9), date(2023, 7, 10), TODAY):
        Settings.model_validate({name: term.value for name, term in resolve(reference_terms(), Sale(), day).items()})


def test_a_sale_abroad_has_no_reference():
    with pytest.raises(
        Refused, match=r"no reference for a sale in EUR on .*; say also return_cargo, service_vat_rate, withh"
    ):
        asked({}, currency="EUR")


def test_a_quote_in_sentences():
    found = asked({"return_rate": 8}, target=Target(D(60), D(5)))
    told = explain(found)
    assert told[0] == "Economic profit, the withholding being tax paid ahead: 96.57 TRY."
    assert told[1] == "A return loses 148.37 TRY; with 8 % of them a sale earns 72.37 TRY."
    assert told[2] == "The lowest price that loses no cash is 469.19 TRY."
    assert "for 60.00 TRY and 5 % of the price without VAT cash profit is " in told[3]
    assert "No price earns 1.00 TRY" in explain(asked({"commission_rate": 99}, target=Target(D(1))))[-1]
