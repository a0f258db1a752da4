"""Tariffs in tables: whatever can be written is read back, and what cannot be is told row by row."""

import csv
import io
import re
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent
from connectors.tariffs.reading import read_tariff
from connectors.tariffs.tariff import TariffRate, carrier_key
from tests.connectors.tariffs.files import ENGLISH, TURKISH, outcome, rate, table

_NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
_AMOUNTS = st.integers(1, 10**9).map(lambda number: Decimal(number).scaleb(-2))


@st.composite
def rates(draw: st.DrawFn) -> list[TariffRate]:
    """Carriers, each with some desi, each with bands from zero without end."""
    found = []
    for carrier in draw(st.lists(_NAMES, min_size=1, max_size=4, unique_by=carrier_key)):
        for desi in draw(st.sets(st.integers(1, 999), min_size=1, max_size=4)):
            starts = [Decimal(0), *sorted(draw(st.sets(_AMOUNTS, max_size=3)))]
            ends: list[Decimal | None] = [*starts[1:], None]
            found += [
                TariffRate(carrier, desi, start, end, draw(_AMOUNTS)) for start, end in zip(starts, ends, strict=True)
            ]
    return draw(st.permutations(found))


def written(found: list[TariffRate], headings: tuple[str, ...], delimiter: str, mark: str, line_end: str) -> str:
    """The rates as a spreadsheet saves them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(headings)
    for each in found:
        numbers = (each.price_from, each.price_below, each.amount)
        texts = ["" if number is None else f"{number:.2f}".replace(".", mark) for number in numbers]
        writer.writerow([each.carrier, each.desi, *texts])
    return file.getvalue()


@given(
    rates(), st.sampled_from([ENGLISH, TURKISH]), st.sampled_from(";,\t"), st.sampled_from(",."),
    st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig"]),
)  # fmt: skip
def test_what_is_written_is_read_back(
    found: list[TariffRate], headings: tuple[str, ...], delimiter: str, mark: str, line_end: str, encoding: str
) -> None:
    read = read_tariff(written(found, headings, delimiter, mark, line_end).encode(encoding), "t.csv")
    assert read.day is None
    assert list(read.rates) == sorted(found, key=lambda each: (each.carrier, each.desi, each.price_from))
    for before, after in pairwise(read.rates):
        same = (before.carrier, before.desi) == (after.carrier, after.desi)
        assert (before.price_below == after.price_from) == same


def test_a_table_as_a_seller_writes_it() -> None:
    text = "\ufeffTUTAR;Kargo;Desi;FİYAT ALT;fiyat_üst\r\n83,93;Sürat Kargo;1;0;\r\n\r\n"
    text += '1.299,90; SÜRAT  KARGO ;5,0;0;150\r\n"90,50";"Sürat Kargo";5;150;\r\n'
    assert read_tariff(text.encode(), "t.csv").rates == (
        rate("Sürat Kargo", 1, 0, None, "83.93"), rate("Sürat Kargo", 5, 0, 150, "1299.90"),
        rate("Sürat Kargo", 5, 150, None, "90.50"),
    )  # fmt: skip


def test_rows_may_leave_an_open_end_away() -> None:
    rows = "amount,carrier,desi,price_from,price_below\n5,PTT,1,0\n6,PTT,2,0,\n"
    assert [each.amount for each in read_tariff(rows.encode(), "t.csv").rates] == [5, 6]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("", 1, 0, "", 5)], "In row 2: carrier: '' is missing; expected a name of 1 to 80 characters."),
        ([("x" * 81, 1, 0, "", 5)], "In row 2: carrier: 'xxx"),
        ([("A\u200bB", 1, 0, "", 5)], "is no name"),
        ([("A", "", 0, "", 5)], "In row 2: desi: '' is missing; expected a whole number from 1 to 999,999."),
        ([("A", 0, 0, "", 5)], "In row 2: desi: '0' is no number of desi"),
        ([("A", "1,5", 0, "", 5)], "desi: '1,5' is no number of desi"),
        ([("A", "1000000", 0, "", 5)], "desi: '1000000' is no number of desi"),
        ([("A", "one", 0, "", 5)], "desi: 'one' is malformed number"),
        ([("A", 1, "", "", 5)], "In row 2: price_from: '' is missing; expected a price, such as 0 or 150."),
        ([("A", 1, "-1", "", 5)], "price_from: '-1' is negative number"),
        ([("A", 1, 0, "x", 5)], "price_below: 'x' is malformed number"),
        ([("A", 1, 0, 0, 5)], "price_below: '0' is no end of a band; expected a price above 0, or nothing for no end"),
        ([("A", 1, 0, "", "")], "In row 2: amount: '' is missing; expected an amount above zero."),
        ([("A", 1, 0, "", 0)], "In row 2: amount: '0' is not positive; expected an amount above zero."),
        ([("A", 1, 0, "", "-5")], "amount: '-5' is negative number"),
        ([("A", 1, 0, "", "1.299")], "'1.299' is ambiguous number; expected a number whose decimal mark is certain"),
        ([("A", 1, 0, "", "1.23456")], "amount: '1.23456' is number too precise"),
        ([("A", 1, 0, "", "9" * 15)], "is number too large"),
        ([("A", 1, 0, "", "NaN")], "amount: 'NaN' is malformed number"),
        ([("A", 1, 0, "", "5 TL")], "amount: '5 TL' is with a currency; expected the number alone"),
        ([("A", 1, 0, "", 5, "more")], "In row 2: row: 'more' is without a heading"),
        (
            [("A", 1, 100, "", 5)],
            "In row 2: price_from: '100' is behind a gap; expected 0, where the lowest band of A at 1",
        ),
        ([("A", 1, 0, 100, 5)], "In row 2: price_below: '100' is an end; expected nothing, for the highest band of A"),
        (
            [("A", 1, 0, 100, 5), ("A", 1, 150, "", 5)],
            "In row 3: price_from: '150' is behind a gap; expected 100, where row 2 of A at 1 desi ends.",
        ),
        (
            [("A", 1, 0, 100, 5), ("a", 1, 50, "", 5)],
            "In row 3: price_from: '50' is within another band; expected no overlap: row 2 of A at 1 desi ends at 100.",
        ),
        ([("A", 1, 0, "", 5), ("A", 1, 50, "", 5)], "expected no overlap: row 2 of A at 1 desi has no end."),
        (
            [("A", 1, 0, "", 5), ("B", 1, 0, "", 5), ("A", 1, 0, "", 5)],
            "In row 4: price_from: '0' is repeated; expected one row of A at 1 desi from there; see row 2.",
        ),
        ([], "t.csv: this tariff has no rows; expected one for each carrier and desi"),
        ([("", "", "", "", "")], "t.csv: this tariff has no rows"),
    ],
)
def test_a_row_that_cannot_be_is_told(rows: list[tuple[object, ...]], told: str) -> None:
    with pytest.raises(Permanent, match=re.escape(told)) as refused:
        read_tariff(table(*rows), "t.csv")
    assert str(refused.value).startswith("t.csv")
    assert "\n" not in str(refused.value)


def test_a_fault_is_told_in_the_words_of_the_file() -> None:
    with pytest.raises(Permanent, match=r"In row 2: tutar: 'x' is malformed number"):
        read_tariff(table(("A", 1, 0, "", "x"), headings=TURKISH), "t.csv")


def test_all_faults_are_told_up_to_twenty() -> None:
    rows = [("A", number, 0, "", 0 if number <= 23 else 1) for number in range(1, 31)]
    with pytest.raises(Permanent) as refused:
        read_tariff(table(*rows), "t.csv")
    assert str(refused.value).count("is not positive") == 20
    assert str(refused.value).endswith(
        "In row 21: amount: '0' is not positive; expected an amount above zero. And 3 more."
    )
    with pytest.raises(Permanent) as refused:
        read_tariff(table(*rows[3:]), "t.csv")
    assert "more." not in str(refused.value)


def test_no_gap_is_told_where_a_row_could_not_be_read() -> None:
    with pytest.raises(Permanent, match="not positive") as refused:
        read_tariff(table(("A", 1, 0, 100, 0), ("A", 1, 100, "", 5)), "t.csv")
    assert "gap" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "t.csv: this file is empty; expected a cargo tariff"),
        (b"\xef\xbb\xbf \n", "t.csv: this file is empty"),
        ("taşıyıcı;desi".encode("cp1254"), "t.csv: byte 2 is no UTF-8; save the tariff as CSV UTF-8, or as JSON"),
        ("carrier;desi".encode("utf-16"), "t.csv: byte 0 is no UTF-8"),
        (b"PK\x03\x04", "t.csv: expected the columns carrier, desi"),
        (b"Aras;1;0;;5\n", "found Aras, 1, 0, 5"),
        (b"carrier;desi;price_from;amount\nA;1;0;5\n", "found carrier, desi, price_from, amount"),
        (b"carrier;kargo;desi;price_from;price_below;amount\n", "each once and no other"),
        (b"carrier;desi;price_from;price_below;amount;currency\n", "each once and no other"),
        (b"carrier|desi|price_from|price_below|amount\n", "between them; found carrier|desi|price_from|p"),
        (b'carrier;desi;price_from;price_below;amount\n"A;1;0;;5\n', "t.csv: line 2 cannot be cut into fields"),
        (b'carrier;desi;price_from;price_below;amount\n"A"x;1;0;;5\n', "t.csv: line 2 cannot be cut into fields"),
    ],
)
def test_what_is_no_table_of_a_tariff(data: bytes, told: str) -> None:
    with pytest.raises(Permanent, match=re.escape(told)):
        read_tariff(data, "t.csv")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_other_error_comes_of_any_file(data: bytes) -> None:
    for given_data in (data, b"{" + data, table() + data, table(("A", 1, 0, "", 5)) + data):
        told = outcome(given_data, "t.csv")
        assert told.startswith("t.csv") or told == "read"
