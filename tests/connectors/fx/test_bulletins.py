"""Bulletins of central banks as they were published, and everything that is none."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from commerce.errors import Permanent
from connectors.fx.bulletin import Bulletin, Rate
from connectors.fx.ecb import parse_ecb, parse_ecb_history
from connectors.fx.tcmb import parse_tcmb

D = Decimal
DAILY = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='2026-10-30'><Cube currency='USD' rate='1.1172'/><Cube currency='TRY' rate='55.8015'/></Cube></Cube>
</gesmes:Envelope>"""
LIRA = """<Tarih_Date Tarih="18.09.2026" Date="09/18/2026" Bulten_No="2026/176">
<Currency CurrencyCode="JPY">
<Unit>100</Unit><ForexBuying>32.5</ForexBuying><ForexSelling>32.75</ForexSelling></Currency>
<Currency CurrencyCode="XDR"><Unit>1</Unit><ForexBuying>
</ForexBuying><ForexSelling/></Currency></Tarih_Date>"""


def rates(bulletin: Bulletin) -> dict[str, Rate]:
    return {rate.base if bulletin.source == "tcmb" else rate.quote: rate for rate in bulletin.rates}


def test_a_bulletin_of_the_turkish_central_bank(shared_data: Path) -> None:
    found = parse_tcmb((shared_data / "fx/tcmb_2015-12-04.xml").read_bytes())
    assert (found.source, found.number, found.day) == ("tcmb", "2015/231", date(2015, 12, 4))
    known = rates(found)
    assert known["USD"] == Rate("USD", "TRY", D("2.8921"), D("2.8973"))
    assert known["EUR"] == Rate("EUR", "TRY", D("3.1464"), D("3.152"))
    assert known["JPY"].selling < D("0.03")  # a yen, not a hundred


def test_rates_are_of_one_unit_and_a_currency_without_one_is_left_out() -> None:
    assert parse_tcmb(LIRA.encode()).rates == (Rate("JPY", "TRY", D("0.325"), D("0.3275")),)


@pytest.mark.parametrize(
    ("found", "instead", "complaint"),
    [
        ("Tarih_Date", "Anything", "the root Tarih_Date, found Anything"),
        ('Tarih="18.09.2026"', 'Tarih="2026-09-18"', "Tarih is '2026-09-18', expected a day such as"),
        ("32.5<", "32,5<", "ForexBuying of JPY is '32,5', expected a positive number"),
        ("32.5<", "NaN<", "ForexBuying of JPY is 'NaN'"),
        ("32.5<", "-1<", "ForexBuying of JPY is '-1'"),
        ("<Unit>100</Unit>", "", "no code or no unit"),
        ('Bulten_No="2026/176"', "", "no number or no rate"),
        ("</Tarih_Date>", "", "not well-formed"),
        ("<Tarih_Date ", "<!DOCTYPE x [<!ENTITY e 'boom'>]><Tarih_Date ", "declares a document type"),
    ],
)
def test_what_is_no_bulletin_of_liras(found: str, instead: str, complaint: str) -> None:
    with pytest.raises(Permanent, match=re.escape(complaint)):
        parse_tcmb(LIRA.replace(found, instead).encode())


@pytest.mark.parametrize(
    ("buying", "selling", "complaint"),
    [
        ("40", "0.0001", "bulletin 1: ForexBuying of JPY in TRY is 0.4 and ForexSelling 0.000001, expected a bank"),
        ("32.5", "1E+30", "bulletin 1: ForexSelling of JPY in TRY is 1E+28 for one unit, expected a number from"),
        ("4E+12", "4E+12", "ForexBuying of JPY in TRY is 4E+10 for one unit, expected a number from 0.000000001 to"),
        ("1E-20", "32.5", "ForexBuying of JPY in TRY is 1E-22 for one unit"),
        ("0.00000000001", "32.5", "ForexBuying of JPY in TRY is 1E-13 for one unit"),
        (
            "32.50000000001",
            "33",
            "is 0.3250000000001 for one unit, expected a number from 0.000000001 to 1000000000 with",
        ),
        ("1E+999999", "1E+999999", "ForexBuying of JPY in TRY"),
    ],
)
def test_rates_that_no_bank_asks(buying: str, selling: str, complaint: str) -> None:
    document = LIRA.replace("32.5<", f"{buying}<").replace("32.75<", f"{selling}<")
    with pytest.raises(Permanent, match=re.escape(complaint)):
        parse_tcmb(document.encode(), "bulletin 1")


def test_rates_at_the_bounds() -> None:
    document = LIRA.replace("32.5<", "0.0000001<").replace("32.75<", "100000000000<")
    assert parse_tcmb(document.encode()).rates == (Rate("JPY", "TRY", D("0.000000001"), D(10) ** 9),)


def test_the_reference_rates_of_one_day() -> None:
    (found,) = parse_ecb(DAILY)
    assert (found.source, found.number, found.day) == ("ecb", "2026-10-30", date(2026, 10, 30))
    assert rates(found)["TRY"] == Rate("EUR", "TRY", D("55.8015"), D("55.8015"))


@pytest.mark.parametrize(
    "document", [DAILY.replace(b"55.8015", b"0"), DAILY.replace(b"2026-10-30", b"30 October"), b"<html/>", b"no XML"]
)
def test_what_is_no_reference_rate(document: bytes) -> None:
    with pytest.raises(Permanent, match="rates"):
        parse_ecb(document)


def test_every_reference_rate_there_has_been(shared_data: Path) -> None:
    history = list(parse_ecb_history((shared_data / "fx/eurofxref-hist.zip").read_bytes()))
    assert (len(history), history[0].day, history[-1].day) == (7126, date(1999, 1, 4), date(2026, 10, 30))
    (day,) = [bulletin for bulletin in history if bulletin.day == date(2020, 1, 2)]
    assert (rates(day)["USD"].buying, rates(day)["TRY"].buying) == (D("1.1193"), D("6.6699"))
    assert {rate.quote for bulletin in history for rate in bulletin.rates} >= {"TRL", "TRY"}


@pytest.mark.parametrize(
    ("rate", "complaint"),
    [
        ("1E+30", "is 1E+30 for one unit, expected a number from 0.000000001 to 1000000000"),
        ("4E+10", "is 4E+10 for one unit"),
        ("55.1234567890123", "with at most 12 digits behind the mark"),
        ("0", "is 0 for one unit"),
        ("NaN", "is NaN for one unit"),
    ],
)
def test_reference_rates_that_cannot_be(rate: str, complaint: str) -> None:
    with pytest.raises(Permanent, match="bulletin 1: the rates of 2026-10-30: rate of EUR in TRY") as caught:
        parse_ecb(DAILY.replace(b"55.8015", rate.encode()), "bulletin 1")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("found", "instead", "complaint"),
    [("55.8015", "55,8", "rate of TRY is '55,8', expected a number"), ("TRY", "", "the rate 55.8015 has no currency")],
)
def test_a_reference_rate_is_a_number_of_a_currency(found: str, instead: str, complaint: str) -> None:
    with pytest.raises(Permanent, match=re.escape(complaint)):
        parse_ecb(DAILY.replace(found.encode(), instead.encode()))


@pytest.mark.parametrize("archive", [b"", b"PK", b"\0" * 100])
def test_what_is_no_history(archive: bytes) -> None:
    with pytest.raises(Permanent, match="an archive with one table of rates"):
        list(parse_ecb_history(archive))
