"""Tariffs as a marketplace publishes them: every price of a real one, and everything that is none."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commerce.errors import Permanent
from connectors.tariffs.reading import read_tariff
from connectors.tariffs.tariff import cargo_bands
from tests.connectors.tariffs.files import document, outcome, rate

D = Decimal


@pytest.fixture(scope="module")
def published(shared_data: Path) -> bytes:
    """A tariff as it was published."""
    return (shared_data / "fx/trendyol_cargo_prices.json").read_bytes()


def cost(bands: Sequence[tuple[Decimal, Decimal | None, Decimal]], price: Decimal) -> Decimal:
    """What a parcel costs: the amount of the one band that the price is in."""
    (amount,) = [amount for start, end, amount in bands if start <= price and (end is None or price < end)]
    return amount


def test_every_price_of_a_real_tariff(published: bytes) -> None:
    tariff, told = read_tariff(published, "t.json"), json.loads(published, parse_float=Decimal)
    assert tariff.day == date(2024, 5, 20)
    low, high = ({name.lower(): amount for name, amount in table["prices"].items()} for table in told["baremPricing"])
    assert (len(low), len(high), low.keys() == high.keys()) == (7, 7, True)
    seen = 0
    for desi in range(1, 101):
        prices = told["desiRates"][str(desi)]
        assert len(prices) == 10
        for carrier, amount in prices.items():
            bands = cargo_bands(tariff.rates, carrier, desi)
            for price in (D(300), D("300.01"), D(100_000)):
                assert cost(bands, price) == amount
            for price, cheaper in ((D(0), low), (D("149.99"), low), (D("150.00"), high), (D("299.99"), high)):
                expected = cheaper.get(carrier.lower(), amount) if desi <= 10 else amount
                assert cost(bands, price) == expected, (carrier, desi, price)
                seen += expected != amount
    assert seen == 7 * 10 * 4
    assert {each.carrier for each in tariff.rates} == set(told["desiRates"]["1"])


def test_the_bands_of_a_real_tariff(published: bytes) -> None:
    tariff = read_tariff(published, "t.json")
    assert cargo_bands(tariff.rates, "DHL E-Commerce", 10) == [
        (D(0), D(150), D("52.08")), (D(150), D(300), D("82.91")), (D(300), None, D("176.99")),
    ]  # fmt: skip
    assert cargo_bands(tariff.rates, "Borusan", 1) == [(D(0), None, D("433.53"))]
    assert len(tariff.rates) == 7 * 10 * 3 + 3 * 10 + 10 * 90


def test_a_carrier_without_a_price_in_one_table_has_that_of_its_desi() -> None:
    tariff = read_tariff(document(), "t.json")
    assert tariff.day == date(2026, 9, 18)
    assert [each for each in tariff.rates if each.carrier == "PTT"] == [
        rate("PTT", 1, 0, 150, 70), rate("PTT", 1, 150, 300, 50), rate("PTT", 1, 300, None, 70),
        rate("PTT", 2, 0, 150, 75), rate("PTT", 2, 150, 300, 50), rate("PTT", 2, 300, None, 75),
        rate("PTT", 5, 0, None, "99.99"),
    ]  # fmt: skip
    assert [each.carrier for each in tariff.rates if each.desi == 5] == ["Aras", "PTT"], "the first spelling stands"


def test_lower_prices_hold_up_to_their_limit_between_two_rows() -> None:
    changed = read_tariff(document(desiRates__2=...), "t.json")
    assert cargo_bands(changed.rates, "Aras", 2) == [(D(0), D(150), 40), (D(150), D(300), 60), (D(300), None, 120)]
    assert cargo_bands(changed.rates, "Aras", D("2.01")) == cargo_bands(changed.rates, "Aras", 5) == [(D(0), None, 120)]


def test_without_lower_prices_every_desi_has_one_price() -> None:
    for changed in ({"baremPricing": []}, {"baremPricing": ...}, {"baremPricing": None}):
        tariff = read_tariff(document(**changed, metadata__settings__baremDesiLimit=...), "t.json")
        assert {(each.price_from, each.price_below) for each in tariff.rates} == {(D(0), None)}


def test_tables_may_come_in_any_order_and_end_where_the_next_begins() -> None:
    first, second = (
        {"salesMin": start, "salesMax": end, "prices": {"Aras": 1}} for start, end in ((0, 150), (150, 300))
    )
    ordered = read_tariff(document(baremPricing=[first, second]), "t.json")
    assert read_tariff(document(baremPricing=[second, first]), "t.json") == ordered
    assert cargo_bands(ordered.rates, "Aras", 2) == [(D(0), D(150), 1), (D(150), D(300), 1), (D(300), None, 90)]


@pytest.mark.parametrize("divisor", [5000, 3000.5, "desi", None, ...])
def test_another_divisor_is_refused(divisor: object) -> None:
    shown = "missing" if divisor in (None, ...) else divisor
    with pytest.raises(Permanent, match=re.escape(f"desiDivisor is {shown}, expected 3000: a desi is 3000 cm³")):
        read_tariff(document(metadata__settings__desiDivisor=divisor), "t.json")
    assert read_tariff(document(metadata__settings__desiDivisor=3000.0), "t.json").rates


def barems(*bounds: tuple[Any, Any]) -> dict[str, object]:
    """Tables of lower prices with these bounds."""
    return {"baremPricing": [{"salesMin": start, "salesMax": end, "prices": {"PTT": 1}} for start, end in bounds]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"metadata__lastUpdate": "yesterday"}, "In metadata: lastUpdate: 'yesterday' is no day"),
        (
            {"metadata__settings__maxDesiLimit": 4},
            "In desiRates 5: desi: '5' is too heavy; expected at most maxDesiLimit",
        ),
        ({"metadata__settings__maxDesiLimit": ...}, "In metadata.settings: maxDesiLimit: '' is missing"),
        ({"metadata__settings__baremDesiLimit": 1.5}, "baremDesiLimit: '1.5' is no number of desi"),
        ({"metadata__settings__baremPriceLimit": ...}, "In metadata.settings: baremPriceLimit: '' is missing"),
        ({"desiRates__x": {"Aras": 1}}, "In desiRates x: desi: 'x' is malformed number"),
        ({"desiRates__0": {"Aras": 1}}, "In desiRates 0: desi: '0' is no number of desi"),
        ({"desiRates__01": {"Aras": 1}}, "In desiRates 01: price_from: '0' is repeated; expected one row of Aras"),
        ({"desiRates__3": {"Aras": 1, "ARAS": 1}}, "price_from: '0' is repeated; expected one row of Aras at 3 desi"),
        ({"desiRates__3": {}}, "In desiRates 3: prices: '{}' is missing; expected an amount for each carrier"),
        ({"desiRates__3": [1]}, "In desiRates 3: prices: "),
        ({"desiRates__3": {"": 1}}, "In desiRates 3: carrier: '' is missing"),
        ({"desiRates__3": {"Aras": 0}}, "In desiRates 3: Aras: '0' is not positive; expected an amount above zero"),
        ({"desiRates__3": {"Aras": -1.5}}, "Aras: '-1.5' is negative number"),
        ({"desiRates__3": {"Aras": None}}, "Aras: '' is missing"),
        ({"desiRates__3": {"Aras": "83.93"}}, "Aras: '83.93' is no number; expected a number without quotes"),
        ({"desiRates__3": {"Aras": True}}, "Aras: 'True' is no number"),
        ({"desiRates__3": {"Aras": 1.23456}}, "Aras: '1.23456' is number too precise"),
        ({"desiRates__3": {"Aras": 10**30}}, "is number too large"),
        ({"desiRates": {}}, "t.json: this tariff has no rows"),
        ({"desiRates": []}, "t.json: desiRates is no object"),
        ({"metadata": ...}, "t.json: metadata is no object"),
        ({"metadata__settings": 1}, "t.json: metadata.settings is no object"),
        ({"baremPricing": {"a": 1}}, "t.json: baremPricing is no list"),
        ({"baremPricing__1": 5}, "In baremPricing 2: baremPricing: '5' is no table; expected salesMin, salesMax"),
        ({"baremPricing__1__salesMin": ...}, "In baremPricing 2: salesMin: '' is missing"),
        ({"baremPricing__1__salesMax": 0}, "In baremPricing 2: salesMax: '0' is not positive"),
        ({"baremPricing__1__prices": {}}, "In baremPricing 2: prices: '{}' is missing"),
        ({"baremPricing__1__prices": {"Aras": 0}}, "In baremPricing 2: Aras: '0' is not positive"),
        (
            {"baremPricing__1__prices": {"UPS": 5}},
            "In baremPricing 2: carrier: 'UPS' is unknown; expected a carrier that",
        ),
        ({"baremPricing__1__prices": {"PTT": 5, "ptt": 5}}, "carrier: 'ptt' is repeated; expected each carrier once"),
        (barems((100, 300)), "In baremPricing 1: salesMin: '100' is behind a gap; expected 0"),
        (barems((0, 100), (150, 300)), "In baremPricing 1: salesMax: '100' is before a gap; expected an end at 150"),
        (barems((0, 160), (150, 300)), "In baremPricing 1: salesMax: '160' is an overlap; expected an end at 150"),
        (
            barems((0, 300), (0, 300)),
            "In baremPricing 1: salesMax: '300' is an overlap; expected an end at 0, which is",
        ),
        (barems((0, 100)), "salesMax: '100' is before a gap; expected an end at 300, which is the baremPriceLimit"),
        (barems((0, 300.01)), "salesMax: '300.01' is an overlap; expected an end at 300, which is the baremPriceLimit"),
        (barems((0, 149.99), (150, 150), (150.01, 300)), "salesMax: '150' is before a gap"),
    ],
)
def test_what_cannot_be_is_told_by_its_place(changed: dict[str, object], told: str) -> None:
    with pytest.raises(Permanent, match=re.escape(told)) as refused:
        read_tariff(document(**changed), "t.json")
    assert str(refused.value).startswith("t.json")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", "this is no JSON that can be read"),
        (b"[]", "t.json: the document is no object"),
        (b"{}", "t.json: metadata is no object"),
        (b'{"a": 1, "b": {"Aras": 1, "Aras": 2}}', "'Aras' stands twice in one object"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a":' * 100_000, "this is no JSON that can be read"),
        (document().replace(b"80.5", b"1e999999999"), "Aras: '1E+999999999' is malformed number"),
        (document().replace(b"80.5", b"1e-999999999"), "Aras: '1E-999999999' is malformed number"),
        (document().replace(b"80.5", b"9" * 10_000), "is number too large"),
    ],
)
def test_what_is_no_document_of_a_tariff(data: bytes, told: str) -> None:
    with pytest.raises(Permanent, match=re.escape(told)) as refused:
        read_tariff(data, "t.json")
    assert len(str(refused.value)) < 500


def pieces(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document."""
    yield place
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in within:
        yield from pieces(part, (*place, key))


@pytest.mark.parametrize("instead", [None, 0, -1, "", "x", [], {}, [[]], {"a": {}}, True, 1e300])
def test_no_other_error_comes_of_any_document(instead: object) -> None:
    body = json.loads(document())
    for place in list(pieces(body))[1:]:
        changed = json.loads(document())
        within = changed
        for key in place[:-1]:
            within = within[key]
        within[place[-1]] = instead
        told = outcome(json.dumps(changed).encode(), "t.json")
        assert told.startswith("t.json") or told == "read", place
