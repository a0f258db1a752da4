"""Every reader of a column is its pure rule, text by text, whichever way it takes; and the rules' own tables."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, localcontext
from typing import Any, TypeVar

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commerce.currency import currency_in, parse_currency
from commerce.errors import BadRecord
from commerce.gtin import check_digit, parse_gtin
from commerce.numbers import parse_decimal
from meschain.catalog import texts as readers

T = TypeVar("T")
MARKS = st.sampled_from([",", ".", None])
number = st.from_regex(r"[0-9]{1,4}([.,][0-9]{1,4}){0,3}", fullmatch=True) | st.from_regex(
    r"[0-9]{1,3}([ \u00a0\u202f][0-9]{2,3}){1,3}([.,][0-9]{1,5})?", fullmatch=True
)
word = st.sampled_from(["TL", "₺", "$", "US$", "EUR", "euro", "usd", "ſek", "XYZ", "kg", "KG", "oz", "gr", "İ", "adet"])
blank = st.sampled_from(["", "", " ", "\u00a0", "\t", "\n", "\u2003", "\x1c"])
odd = st.sampled_from(
    ["٣٤", "1٣", "٨٦٩٠٠٠٠٠٠٠٠٠٥", "-5", "\u22125,00", "1e3", "NaN", "9" * 40, "0" * 20, "0.500", "0,500", "\0", "",
     "99999999999999,9999", "99999999999999.9999", "100000000000000", "00,10", "1,23456", "+5", "5TL TL", "$5 CAD"]
)  # fmt: skip
text = st.one_of(
    number,
    st.tuples(st.just("") | word, blank, number, blank, st.just("") | word).map("".join),
    odd,
    st.text(max_size=8),
)
column = st.lists(st.none() | text, max_size=12)


def series(texts: Iterable[str | None]) -> pl.Series:
    return pl.Series("texts", list(texts), pl.String)


def outcome(rule: Callable[[str], T], text: str | None) -> tuple[T | None, str | None]:
    """Value and reason of the rule for one text."""
    if text is None:
        return None, None
    try:
        return rule(text), None
    except BadRecord as refusal:
        return None, refusal.reason


def check(read: readers.Read, texts: list[str | None], rule: Callable[[str], Any]) -> None:
    found = list(zip(read.values.to_list(), read.reasons.to_list(), strict=True))
    assert found == [outcome(rule, text) for text in texts]
    assert read.expected.is_null().to_list() == read.reasons.is_null().to_list()


@given(column, MARKS, st.booleans())
@example(["1.299,90", "1299,90", "0.500", "1.299,90 TL", "1 299,90", None], ",", False)
@example(["1,299.90", "0,500", "1 299.90 USD", "12345.678"], ".", False)
@example(["1.299", "12.34", "45,0000", "1299,900", "1 299,900"], None, False)
@example(["٣٤", "1٣"], ",", False)
def test_amounts(texts, mark, signed):
    read = readers.read_amounts(series(texts), mark, signed=signed)
    assert read.values.dtype == readers.AMOUNT
    check(read, texts, lambda text: parse_decimal(text, decimal=mark, signed=signed))


@given(column)
@example(["$5 USD", "$5 CAD", "199.90 TRY", "1\u202f299,90 €", "TL", "5 XYZ", "5ſek", "5 STERLİN"])
def test_currencies_beside_amounts(texts):
    check(readers.read_currencies(series(texts)), texts, currency_in)


@given(st.lists(st.none() | word | st.text(max_size=4), max_size=12))
def test_distinct_texts(texts):
    check(readers.read_distinct(series(texts), parse_currency, pl.String()), texts, parse_currency)


GRAMS = {"g": Decimal(1), "kg": Decimal(1000), "oz": Decimal("28.349523125"), "lb": Decimal("453.59237")}


def measure(text: str, unit: str, mark: Any) -> Decimal | None:
    """The rule of measures: a number, and a unit of its own behind it or not."""
    blanks = r"[^\S\x1c-\x1f]*"  # what Unicode calls white space; Python counts four separators in
    named = re.fullmatch(rf"(.+?){blanks}([A-Za-z]+){blanks}", text, re.DOTALL)
    amount, name = named.groups() if named else (text, unit)
    if name.lower() not in GRAMS:
        raise BadRecord("unknown_unit", "weight", text, "a unit")
    value = parse_decimal(amount, "weight", mark)
    with localcontext(prec=60):
        return None if value is None else value * GRAMS[name.lower()]


@given(column, st.sampled_from(sorted(GRAMS)), MARKS)
@example(["9.2 oz", "500", "1,5KG", "kg", "5 adet", "99999999999999.9999 lb", "0.0003oz", None, "USD 5"], "kg", ".")
@example(["500", "٣٤"], "lb", None)
def test_measures(texts, unit, mark):
    check(readers.read_measures(series(texts), GRAMS, unit, mark), texts, lambda text: measure(text, unit, mark))


stock_texts = text | st.sampled_from(
    ["Var", "YOK", "10+", ">50", "≥ 5", "1.000+", "٣+", "9" * 20 + "+", "Stokta", "7", "az"]
)
WORDS = {"Az": Decimal(3), "çok": Decimal("12.5"), "7": Decimal(70), "1_0": Decimal(4)}


@given(st.lists(st.none() | stock_texts, max_size=12), st.sampled_from([{}, WORDS]), st.integers(0, 9), MARKS)
@example(["7", "10", "-5", "12,000", "1,2345", "0", "00"], WORDS, 1, ",")
def test_stock(texts, words, if_available, mark):
    rule = readers.stock_rule(words, if_available, mark)
    read, kinds = readers.read_stock(series(texts), words, if_available, mark)
    expected = [outcome(rule, text) for text in texts]
    parts = [(value or " ").split(" ") for value, _ in expected]
    assert kinds.to_list() == [kind or None for kind, _ in parts]
    assert read.values.to_list() == [Decimal(quantity) if quantity else None for _, quantity in parts]
    assert read.reasons.to_list() == [reason for _, reason in expected]


body = st.sampled_from([7, 11, 12, 13]).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size))
gtin = body.map(lambda body: body + str(check_digit(body)))
gtin_text = st.one_of(
    gtin,
    body,
    gtin.map(lambda gtin: f"'{gtin[:3]} {gtin[3:]}"),
    st.lists(gtin | body, max_size=4).map(msgspec.json.encode).map(bytes.decode),
    st.tuples(st.sampled_from([",", ";", "|", " ", ", "]), st.lists(gtin | st.just("8.69E+12"), min_size=1)).map(
        lambda pair: pair[0].join(pair[1][:3])
    ),
    odd,
    st.text("0123456789-", max_size=14),
    st.text(max_size=4),
)


def valid(part: str) -> str | None:
    try:
        return parse_gtin(part)
    except BadRecord:
        return None


@given(st.lists(st.none() | gtin_text, max_size=10))
@example(["8690000000005", "036000291452", "96385074", "18690000000002", "8690000000006", "٨٦٩٠٠٠٠٠٠٠٠٠٥", "0" * 13])
def test_gtins(texts):
    good, bad = readers.read_gtins(series(texts))
    for text, found, wrong in zip(texts, good.to_list(), bad.to_list(), strict=True):
        if text is None:
            assert (found, wrong) == (None, None)
            continue
        parts = [text] if valid(text) else readers.read_list(text, re.compile(r"[|;,\s]+"))
        expected = list(dict.fromkeys(filter(None, map(valid, parts))))
        assert (found or []) == expected
        refused = [part for part in dict.fromkeys(parts) if not valid(part) and part.strip().lstrip("'").strip(" -")]
        assert wrong == ((refused if expected else [text]) if refused else None)


SPLIT = r"[ \t]*(?:[|;\r\n][ \t]*)+|[ \t,]+(https?://)"
piece = st.sampled_from(
    ["http://a/1.jpg", "https://b/2 3.jpg", "c.png", "é", "|", ";", ",", " ", "\n", "\t", "\r\n", ", ", "["]
)
json_list = st.lists(st.none() | st.text(max_size=4) | st.integers() | st.booleans(), max_size=4).map(
    lambda parts: msgspec.json.encode(parts).decode()
)


@given(st.lists(st.none() | st.lists(piece, max_size=6).map("".join) | json_list, max_size=10))
@example(["http://a,http://b", "a|b;c", '["x", null, 5, {"u": 1}, " y "]', "[not json|b", "|", "", None])
def test_lists(texts):
    pattern = re.compile(SPLIT)
    expected = [None if text is None else readers.read_list(text, pattern) or None for text in texts]
    assert readers.read_lists(series(texts), SPLIT).to_list() == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://a/1.jpg", ["http://a/1.jpg"]),
        ("http://a/1.jpg,https://b/2.jpg", ["http://a/1.jpg", "https://b/2.jpg"]),
        ("http://a/1.jpg , https://b/2.jpg", ["http://a/1.jpg", "https://b/2.jpg"]),
        ("http://a/w_1,h_2/1 x.jpg", ["http://a/w_1,h_2/1 x.jpg"]),
        ("a.jpg | b.jpg;;c.jpg\r\nd.jpg", ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]),
        ('["a.jpg", "", null, " b.jpg "]', ["a.jpg", "b.jpg"]),
        ('[5, true, {"url": "x"}]', ["5", "true", '{"url":"x"}']),
        (" ; ", []),
        ("[" * 5000 + "|", ["[" * 5000]),
        ("[]", []),
    ],
)
def test_what_a_list_is(text, parts):
    assert readers.read_list(text, re.compile(SPLIT)) == parts


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("Var", None, "yes_no 5"), ("Yok", None, "yes_no 0"), ("10+", None, "at_least 10"),
        (">50", None, "at_least 50"),
        ("Stokta", None, "yes_no 5"), ("STOKTA YOK", None, "yes_no 0"), ("TÜKENDİ", None, "yes_no 0"),
        ("in_stock", None, "yes_no 5"), ("out of stock", None, "yes_no 0"), ("AVAILABLE", None, "yes_no 5"),
        ("≥ 20", None, "at_least 20"), (">= 20", None, "at_least 20"), ("10 +", None, "at_least 10"),
        ("12,000", ",", "exact 12.000"), ("12.000", ".", "exact 12.000"), ("12.000", ",", "exact 12000"),
        ("-3", None, "exact 0"), ("0", None, "exact 0"), ("7", None, "exact 7"), ("  ", None, None),
        ("Az kaldı", None, "exact 2"), ("AZ KALDI", None, "exact 2"),
    ],
)  # fmt: skip
def test_stock_words(text, mark, expected):
    assert readers.stock_rule({"az kaldı": Decimal(2)}, 5, mark)(text) == expected


@pytest.mark.parametrize("text", ["12,000", "12.000", "1.000+", "çok", "+10", "<5", "5 adet", "1,2345", "1e3", "٣+"])
def test_stock_that_could_be_anything_is_refused(text):
    with pytest.raises(BadRecord):
        readers.stock_rule({}, 1, None)(text)


cells = st.none() | st.text(max_size=6) | st.sampled_from(['"', "\\", "\n", "\x01", "\x7f", "\u2028", "😀", " "])
names = st.lists(st.text(min_size=1, max_size=5).filter(lambda name: "\0" not in name), max_size=4, unique=True)


@given(names.flatmap(lambda names: st.tuples(st.just(names), st.lists(st.tuples(*[cells] * len(names)), max_size=6))))
def test_objects_are_what_a_json_library_writes(table):
    names, rows = table
    columns = {name: pl.Series([row[place] for row in rows], dtype=pl.String) for place, name in enumerate(names)}
    frame = pl.DataFrame({**columns, "other than those": pl.Series(["x"] * len(rows), dtype=pl.String)})
    for blank in (True, False):
        kept = [
            {name: cell for name, cell in zip(names, row, strict=True) if cell is not None and (blank or filled(cell))}
            for row in rows
        ]
        expected = [msgspec.json.encode(members).decode() if members else None for members in kept]
        assert readers.as_objects(frame, names, blank=blank).to_list() == expected


def filled(cell: str) -> bool:
    return pl.Series([cell]).str.strip_chars()[0] != ""
