"""Reads columns of text as amounts, stock, GTINs and lists: the pure rules of `commerce`, a column at a time.

Every reader gives a frame with a typed column and a column of reasons (null where the text was accepted). Plain texts
take a vectorised way; whatever that way does not recognise is read once per distinct text by the rule itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec
import polars as pl

from commerce.currency import CURRENCY_PATTERN, currency_in
from commerce.errors import BadRecord
from commerce.gtin import parse_gtin
from commerce.numbers import BLANKS, DecimalMark, parse_decimal

T = TypeVar("T")
AMOUNT = pl.Decimal(18, 4)
MEASURE = pl.Decimal(38, 13)
STOCK = pl.Decimal(18, 3)
UNIT = r"(?s)^(.+?)\s*([A-Za-z]+)\s*$"
"""A measure that names its unit: the number, and the unit."""
_PLAIN = {
    ",": r"^(?:[0-9]{1,14}|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,3})(?:,[0-9]{1,4})?$",
    ".": r"^(?:[0-9]{1,14}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,4})?$",
    None: r"^[0-9]{1,14}(?:[.,](?:[0-9]{1,2}|[0-9]{4}))?$",
}
_SPACED = rf"^[1-9][0-9]{{0,2}}(?:[{BLANKS}][0-9]{{3}})+(?:[.,][0-9]+)?$"
_BESIDE = rf"(?i)^({CURRENCY_PATTERN})?\s?([0-9](?:[0-9.,{BLANKS}]*[0-9])?)\s?({CURRENCY_PATTERN})?$"
_GTIN = r"^(?:[0-9]{8}|[0-9]{12,14})$"
_LISTS = re.compile(r"[|;,\s]+")


class Read(NamedTuple):
    """A typed column, and for each row the reason and the expectation if its text was refused (null otherwise)."""

    values: pl.Series
    reasons: pl.Series
    expected: pl.Series


def read_distinct(texts: pl.Series, rule: Callable[[str], T | None], dtype: pl.DataType) -> Read:
    """Apply `rule` once to every distinct text; null stays null."""
    distinct = texts.drop_nulls().unique().to_list()
    values: list[T | None] = []
    reasons: list[str | None] = []
    expected: list[str | None] = []
    for text in distinct:
        try:
            values.append(rule(text))
            reasons.append(None)
            expected.append(None)
        except BadRecord as error:
            values.append(None)
            reasons.append(error.reason)
            expected.append(error.expected)
    table = pl.DataFrame(
        {"text": distinct, "value": pl.Series(values, dtype=dtype), "reason": reasons, "expected": expected},
        schema={"text": pl.String, "value": dtype, "reason": pl.String, "expected": pl.String},
    )
    joined = texts.rename("text").to_frame().join(table, on="text", how="left", maintain_order="left")
    return Read(joined["value"], joined["reason"], joined["expected"])


def read_amounts(texts: pl.Series, decimal: DecimalMark | None, *, signed: bool = False) -> Read:
    """Amounts as DECIMAL(18,4) by the rule `commerce.numbers.parse_decimal`."""
    if texts.null_count() == len(texts):
        return _accepted(nulls(len(texts), AMOUNT))
    bare = _plain_numbers(texts, _PLAIN[decimal])
    group = {",": ".", ".": ",", None: ""}[decimal]
    number = pl.col("bare").str.replace_all(group, "", literal=True) if group else pl.col("bare")
    fast = bare.to_frame("bare").select(number.str.replace(",", ".", literal=True).cast(AMOUNT)).to_series()
    if bare.null_count() == texts.null_count():
        return _accepted(fast)
    rest = texts.set(bare.is_not_null(), None)
    slow = read_distinct(rest, lambda text: parse_decimal(text, "", decimal, signed=signed), AMOUNT)
    return Read(_coalesce(fast, slow.values), slow.reasons, slow.expected)


def _plain_numbers(texts: pl.Series, plain: str) -> pl.Series:
    """The number in a text, beside it a currency at most, if it is `plain`; null where only the rule can tell."""
    bare = _where(texts, texts.str.contains(plain))
    if bare.null_count() == texts.null_count():
        return bare
    beside = texts.set(bare.is_not_null(), None).str.extract(_BESIDE, 2)
    spaced = beside.str.contains(_SPACED).fill_null(value=False)
    if spaced.any():
        beside = _coalesce(_where(beside, spaced).str.replace_all(f"[{BLANKS}]", ""), beside)
    return _coalesce(bare, _where(beside, beside.str.contains(plain)))


def read_currencies(texts: pl.Series) -> Read:
    """ISO 4217 codes written beside amounts, by the rule `commerce.currency.currency_in`."""
    worded = _where(texts, ~texts.str.contains(r"^[0-9.,]*$"))
    if worded.null_count() == len(worded):
        return _accepted(nulls(len(texts), pl.String()))
    words = worded.str.extract_groups(_BESIDE).struct
    before, behind = words.field("1"), words.field("3")
    only = _coalesce(_where(before, behind.is_null()), _where(behind, before.is_null()))
    return read_distinct(_coalesce("1" + only, worded), currency_in, pl.String())


def read_measures(texts: pl.Series, units: Mapping[str, Decimal], unit: str, decimal: DecimalMark | None) -> Read:
    """Measures in the unit whose factor is 1, exactly; a text may name another unit behind the number."""
    if not texts.str.contains(r"[A-Za-z]\s*$").any():
        read = read_amounts(texts, decimal)
        return Read((read.values.cast(MEASURE) * units[unit]).cast(MEASURE), read.reasons, read.expected)
    parts = texts.str.extract_groups(UNIT).struct
    numbers, names = _coalesce(parts.field("1"), texts), parts.field("2").str.to_lowercase().fill_null(unit)
    read = read_amounts(numbers, decimal)
    factors = names.replace_strict(list(units), list(units.values()), default=None, return_dtype=MEASURE)
    unknown = texts.is_not_null() & factors.is_null()
    return Read(
        (read.values.cast(MEASURE) * factors).cast(MEASURE),
        read.reasons.set(unknown, "unknown_unit"),
        read.expected.set(unknown, f"one of {', '.join(units)}"),
    )


def read_lists(texts: pl.Series, separators: str) -> pl.Series:
    """Lists of the texts in each cell, by the rule `read_list`; null where there is none."""
    several = texts.str.contains(rf"^\[|{separators}").fill_null(value=False)
    single = pl.select(pl.when((texts != "") & ~several).then(pl.concat_list(texts))).to_series()
    if not several.any():
        return single
    is_json = texts.str.starts_with("[").fill_null(value=False)
    plain = _where(texts, several & ~is_json).str.replace_all(separators, "\n${1}").str.replace_all("\n+", "\n")
    plain = plain.str.strip_chars("\n")
    lists = _where(plain, plain != "").str.split("\n")
    read = read_distinct(_where(texts, is_json), _json_rule(separators), pl.List(pl.String()))
    return _coalesce(single, lists, read.values)


def _json_rule(separators: str) -> Callable[[str], list[str] | None]:
    pattern = re.compile(separators)
    return lambda text: read_list(text, pattern) or None


def read_list(text: str, separators: re.Pattern[str]) -> list[str]:
    """The texts of a cell that holds several: a JSON array, or parts between separators.

    What group 1 of `separators` matches stays, at the beginning of the part behind it.
    """
    if text.startswith("["):
        try:
            parts = msgspec.json.decode(text, type=list[object])
            return [part for part in map(_part, parts) if part]
        except (msgspec.MsgspecError, RecursionError):
            pass
    return [part for part in separators.sub(r"\n\1" if separators.groups else r"\n", text).split("\n") if part]


def _part(value: object) -> str:
    if value is None or isinstance(value, str):
        return (value or "").strip()
    return msgspec.json.encode(value).decode()


def read_gtins(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Lists of valid GTINs, and the lists of texts that are none; a cell may hold several, as JSON or separated."""
    plain = pl.when(pl.col("text").str.contains(_GTIN)).then("text")
    number = pl.col("number")
    total = pl.sum_horizontal(number // 10**place % 10 * (3 if place % 2 else 1) for place in range(14))
    upc = pl.col("text").str.len_bytes() == 12
    frame = texts.to_frame("text").with_columns(number=plain.cast(pl.Int64))
    valid = frame.select(((total % 10 == 0) & (number > 0)).fill_null(value=False)).to_series()
    whole = pl.when(upc).then(pl.col("text").str.zfill(13)).otherwise("text")
    cells = frame.select(pl.when(valid).then(pl.concat_list(whole))).to_series()
    rest = texts.set(valid, None)
    if rest.null_count() == len(rest):
        return cells, nulls(len(texts), pl.List(pl.String()))
    distinct = rest.drop_nulls().unique().to_list()
    pairs = [_split_gtins(text) for text in distinct]
    table = pl.DataFrame(
        {"text": distinct, "good": [good for good, _ in pairs], "bad": [bad for _, bad in pairs]},
        schema={"text": pl.String, "good": pl.List(pl.String), "bad": pl.List(pl.String)},
    )
    joined = rest.rename("text").to_frame().join(table, on="text", how="left", maintain_order="left")
    return _coalesce(cells, joined["good"]), joined["bad"]


def _split_gtins(text: str) -> tuple[list[str] | None, list[str] | None]:
    """The GTINs in a cell, each once, and what is none: the cell is taken for one, and then for several."""
    whole, _ = _gtins_of([text])
    if whole:
        return whole, None
    good, bad = _gtins_of(read_list(text, _LISTS))
    return good or None, (bad if good else [text]) if bad else None


def _gtins_of(parts: list[str]) -> tuple[list[str], list[str]]:
    good: dict[str, None] = {}
    bad: dict[str, None] = {}
    for part in parts:
        try:
            gtin = parse_gtin(part)
        except BadRecord:
            bad[part] = None
        else:
            good |= {gtin: None} if gtin else {}
    return list(good), list(bad)


_MORE = re.compile(r"^[>≥]\s*=?\s*([0-9]{1,14})$|^([0-9]{1,14})\s*\+$")
_YES = frozenset("var stokta stoktavar mevcut instock available yes evet true y aktif".split())
_NO = frozenset(
    "yok tükendi tukendi stoktayok outofstock soldout unavailable no hayir false n preorder backorder pasif".split()
)


def read_stock(
    texts: pl.Series, words: Mapping[str, Decimal], if_available: int, decimal: DecimalMark | None
) -> tuple[Read, pl.Series]:
    """Quantities in stock as DECIMAL(18,3), and what they mean, by the rule that `stock_rule` gives."""
    rule = stock_rule(words, if_available, decimal)
    plain = _where(texts, texts.str.contains(r"^[0-9]{1,14}$") & ~texts.is_in([_word(word) for word in words]))
    exact = pl.select(pl.when(plain.is_not_null()).then(pl.lit("exact"))).to_series()
    if plain.null_count() == texts.null_count():
        return _accepted(plain.cast(STOCK)), exact
    read = read_distinct(texts.set(plain.is_not_null(), None), rule, pl.String())
    parts = read.values.str.split_exact(" ", 1).struct
    quantity = _coalesce(plain, parts.field("field_1")).cast(STOCK)
    return Read(quantity, read.reasons, read.expected), _coalesce(exact, parts.field("field_0"))


def stock_rule(
    words: Mapping[str, Decimal], if_available: int, decimal: DecimalMark | None
) -> Callable[[str], str | None]:
    """A rule that reads a stock text as `kind quantity` with kind exact, at_least or yes_no (never negative)."""
    declared = {_word(word): quantity for word, quantity in words.items()}

    def read(text: str) -> str | None:
        bare = text.strip()
        word = _word(bare)
        if word in declared:
            return f"exact {declared[word]}"
        if word in _YES or word in _NO:
            return f"yes_no {if_available if word in _YES else 0}"
        if more := _MORE.match(bare):
            return f"at_least {more.group(1) or more.group(2)}"
        quantity = parse_decimal(bare, "stock", decimal, signed=True)
        if quantity is None:
            return None
        if quantity != round(quantity, STOCK.scale):
            raise BadRecord("number_too_precise", "stock", text, f"at most {STOCK.scale} digits behind the mark")
        return f"exact {max(quantity, Decimal(0))}"

    return read


def _word(text: str) -> str:
    """A stock word without blanks, marks and case; dotted and dotless i are one here."""
    return re.sub(r"[\s_\-]+", "", text.replace("İ", "i").replace("I", "i").lower().replace("ı", "i"))


def as_objects(frame: pl.DataFrame, names: Sequence[str], *, blank: bool) -> pl.Series:
    """The text columns `names` of each row as one JSON object, keys in that order, nulls (and blanks) left out.

    Null where nothing is left.
    """
    if not names:
        return nulls(len(frame), pl.String())
    members = [
        pl.when(pl.col(name).is_not_null() if blank else pl.col(name).str.strip_chars() != "").then(
            pl.struct(name).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
        )
        for name in names
    ]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then("{" + joined + "}")).to_series()


def _where(values: pl.Series, mask: pl.Series) -> pl.Series:
    """`values` where `mask` is true, null elsewhere."""
    return values.set(~mask.fill_null(value=False), None)


def _coalesce(*columns: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(*columns)).to_series()


def _accepted(values: pl.Series) -> Read:
    nothing = nulls(len(values), pl.String())
    return Read(values, nothing, nothing)


@lru_cache(maxsize=64)
def nulls(count: int, dtype: pl.DataType) -> pl.Series:
    """A column without a value."""
    return pl.Series(dtype=dtype).clear(count)
