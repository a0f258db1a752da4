"""From a sheet's whole numbers and words to the texts of a feed: amounts, quoting, and the flaws of single fields."""

from collections.abc import Iterable
from typing import Literal

import polars as pl

from meschain.sandbox.flaws import Flaw

Mark = Literal[",", "."]
NOISE = "\ue000"
"""Stands for a byte outside the charset until the text is encoded."""
_LIRA = {"TRY": "TL"}


def amount(column: str, mark: Mark, *, grouped: bool = False, digits: int = 2) -> pl.Expr:
    """Minor units as text: `1299,90`, or `1.299,90` when grouped; `digits` behind the mark."""
    unit = 10**digits
    whole = pl.col(column) // unit
    fraction = (pl.col(column) % unit).cast(pl.String).str.zfill(digits)
    text = _grouped(whole, "." if mark == "," else ",") if grouped else whole.cast(pl.String)
    return pl.concat_str(text, pl.lit(mark), fraction)


def _grouped(whole: pl.Expr, mark: str) -> pl.Expr:
    """Digits in threes, below a milliard; no group is written before the first that is not 0."""
    last = (whole % 1000).cast(pl.String)
    thousands = (whole // 1000 % 1000).cast(pl.String)
    full = pl.concat_str(thousands.str.zfill(3), pl.lit(mark), last.str.zfill(3))
    return (
        pl.when(whole < 1000)
        .then(last)
        .when(whole < 1_000_000)
        .then(pl.concat_str(thousands, pl.lit(mark), last.str.zfill(3)))
        .otherwise(pl.concat_str((whole // 1_000_000).cast(pl.String), pl.lit(mark), full))
    )


def flawed_price(text: pl.Expr, mark: Mark, quote: str = "", unit: pl.Expr | str = "") -> pl.Expr:
    """A list price with the flaws of bad rows: what is no number stands between `quote`, `unit` behind numbers."""
    behind = pl.lit(unit) if isinstance(unit, str) else unit
    flaw = pl.col("flaw")
    return (
        pl.when(flaw == Flaw.NEGATIVE_PRICE)
        .then(pl.concat_str(pl.lit("-"), text, behind))
        .when(flaw == Flaw.AMBIGUOUS_PRICE)
        .then(pl.concat_str(pl.lit(f"{quote}2{mark}849{mark}83"), behind, pl.lit(quote)))
        .when(flaw == Flaw.GARBAGE_PRICE)
        .then(pl.lit(f"{quote}sorunuz{quote}"))
        .otherwise(pl.concat_str(text, behind))
    )


def flawed_sku() -> pl.Expr:
    """The supplier's code, empty in rows that miss it."""
    return pl.when(pl.col("flaw") != Flaw.MISSING_SKU).then(pl.col("supplier_sku")).otherwise(pl.lit(""))


def flawed_title() -> pl.Expr:
    """The title, with a byte of no charset in rows that are to have one."""
    return pl.when(pl.col("flaw") == Flaw.BAD_CHARSET).then(pl.col("title") + NOISE).otherwise(pl.col("title"))


def turkish_currency() -> pl.Expr:
    """The currency as Turkish shops write it: TL for lira."""
    return pl.col("currency").replace(_LIRA)


def category_level(level: int) -> pl.Expr:
    """One step of the category path, from 0."""
    return pl.col("category").str.split(" > ").list.get(level)


def litres() -> pl.Expr:
    """The volume of the parcel in hundredths of a cubic decimetre."""
    return (pl.col("length_mm") * pl.col("width_mm") * pl.col("height_mm") // 10_000).alias("centilitres")


def csv_line(fields: Iterable[pl.Expr], delimiter: str = ";") -> pl.Expr:
    """Fields as a line of CSV; those that may hold a delimiter or a quote went through `csv_quoted` before."""
    return pl.concat_str([field.fill_null("") for field in fields], separator=delimiter)


def csv_quoted(field: pl.Expr, delimiter: str = ";") -> pl.Expr:
    """A field in quotes, its own doubled (RFC 4180), where it must be; as it is elsewhere."""
    quoted = pl.concat_str(pl.lit('"'), field.str.replace_all('"', '""', literal=True), pl.lit('"'))
    return pl.when(field.str.contains(f'[{delimiter}"]')).then(quoted).otherwise(field)


def xml_text(text: pl.Expr) -> pl.Expr:
    """Text for the inside of an element."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.str.replace_all(character, entity, literal=True)
    return text


def xml_element(tag: str, children: Iterable[tuple[str, pl.Expr]], indent: str = "  ") -> pl.Expr:
    """An element with one child to a line; the children's texts are escaped already, and null is an empty child."""
    pieces: list[pl.Expr] = []
    before = f"{indent}<{tag}>\n"
    for name, text in children:
        pieces += [pl.lit(f"{before}{indent}  <{name}>"), text.fill_null("")]
        before = f"</{name}>\n"
    return pl.concat_str([*pieces, pl.lit(f"{before}{indent}</{tag}>")])


def json_text(text: pl.Expr) -> pl.Expr:
    """A JSON string or null; the sandbox writes no control characters."""
    for character in ("\\", '"'):
        text = text.str.replace_all(character, f"\\{character}", literal=True)
    return pl.concat_str(pl.lit('"'), text, pl.lit('"')).fill_null("null")


def json_object(members: Iterable[tuple[str, pl.Expr]]) -> pl.Expr:
    """A JSON object on one line; the values are JSON already."""
    pieces: list[pl.Expr] = []
    before = "{"
    for name, value in members:
        pieces += [pl.lit(f'{before}"{name}":'), value.cast(pl.String)]
        before = ","
    return pl.concat_str([*pieces, pl.lit("}")])


def json_images() -> pl.Expr:
    """The image addresses as a JSON array of strings."""
    images = pl.concat_str("image_1", "image_2", "image_3", separator='","', ignore_nulls=True)
    return pl.concat_str(pl.lit('["'), images, pl.lit('"]'))


def utc(column: str) -> pl.Expr:
    """A time as ISO 8601 with Z."""
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(column: str) -> pl.Expr:
    """A time as Turkish exports write it, without zone."""
    return pl.col(column).dt.strftime("%d.%m.%Y %H:%M:%S")
