"""From a batch of text columns to canonical offers: mapping, typing, checking. Pure: frame in, frames out.

A row whose key, prices, VAT rate or stock cannot be read is refused whole and kept raw; a GTIN, a currency or a measure
that cannot be read withholds that value alone, and the offer goes on without it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

import msgspec
import polars as pl

from commerce.currency import parse_currency
from commerce.numbers import DecimalMark
from connectors.feeds.protocol import SERVICE_COLUMNS
from connectors.feeds.rows import REST
from meschain.catalog.columns import AMOUNTS, OFFER_SCHEMA, REFUSAL_SCHEMA, Amount
from meschain.catalog.profile import FeedProfile, FieldRule, OfferField
from meschain.catalog.texts import (
    AMOUNT,
    MEASURE,
    Read,
    as_objects,
    nulls,
    read_amounts,
    read_currencies,
    read_distinct,
    read_gtins,
    read_lists,
    read_measures,
    read_stock,
)

_TEXTS: tuple[OfferField, ...] = ("mpn", "title", "brand", "category", "description", "variant_group")
_SAYS_SOMETHING = (*_TEXTS[:-1], "gtin", "cost", "list_price", "stock", "attributes")
_SIDES: tuple[OfferField, ...] = ("length", "width", "height")
_GRAMS = {
    "g": Decimal(1), "gr": Decimal(1), "kg": Decimal(1000), "oz": Decimal("28.349523125"), "lb": Decimal("453.59237"),
}  # fmt: skip
_CENTIMETRES = {"mm": Decimal("0.1"), "cm": Decimal(1), "m": Decimal(100), "in": Decimal("2.54")}
_DESI = {"desi": Decimal(1)}
UNITS: dict[OfferField, Mapping[str, Decimal]] = {"weight": _GRAMS, **dict.fromkeys(_SIDES, _CENTIMETRES)}
"""Measures whose number says nothing without its unit, each with the units that a text may name."""
_TRUE = frozenset("1 true yes y evet var dahil included deleted silindi".split())
_FALSE = frozenset("0 false no n hayir yok hariç haric excluded".split())
_IMAGES = r"[ \t]*(?:[|;\r\n][ \t]*)+|[ \t,]+(https?://)"
Scope = Literal["row", "field"]


@dataclass(frozen=True, slots=True)
class Normalised:
    """What a batch came to: offers and refusals (columns of `meschain.catalog.columns`), notes by (field, reason).

    A refused row stands in `refusals` once with the scope `row`, a withheld value once per field with `field`.
    """

    offers: pl.DataFrame
    refusals: pl.DataFrame
    notes: Counter[tuple[str, str]]


class Normaliser:
    """Reads batches by one profile; `currency` is the tenant's, used where neither row nor profile names one."""

    def __init__(self, profile: FeedProfile, currency: str | None = None) -> None:
        self.profile = profile
        self.currency = profile.currency or currency
        mapped = {source for rule in profile.fields.values() for source in rule.source}
        self._no_attributes = mapped | set(profile.drop) | {*SERVICE_COLUMNS, REST}

    def __call__(self, source: pl.DataFrame) -> Normalised:
        """Normalise one batch: text columns and service columns in (see `connectors.feeds.protocol.Batch`)."""
        reading = _Reading(source, self.profile)
        sku = reading.text("supplier_sku")
        reading.refuse("supplier_sku", sku.is_null(), "missing_sku", "a code that names the offer at the supplier")
        prices = self._prices(reading)
        stock, kind = self._stock(reading)
        gtins, bad = read_gtins(reading.text("gtin"))
        reading.withhold(
            "gtin", bad.is_not_null(), "invalid_gtin", "GTINs with a right check digit", bad.list.join(" ")
        )
        profile = self.profile
        columns = {
            "supplier_sku": sku,
            "gtin": gtins.list.first(),
            "gtins": gtins,
            **{name: reading.text(name) for name in _TEXTS},
            **prices,
            "vat_rate": self._vat_rate(reading),
            "vat_included": self._flag(reading, "vat_included", default=profile.vat_included),
            "stock": stock,
            "stock_kind": kind,
            "weight_g": reading.measure("weight", _GRAMS, profile.weight_unit, "weight_g"),
            **{f"{side}_cm": reading.measure(side, _CENTIMETRES, profile.length_unit, f"{side}_cm") for side in _SIDES},
            "desi": reading.measure("desi", _DESI, "desi", "desi"),
            "image_urls": read_lists(reading.text("image_urls"), _IMAGES),
            "attributes": self._attributes(reading),
            "deleted": self._flag(reading, "deleted", default=False),
        }
        frame = self._derived(pl.DataFrame(columns), reading)
        empty = frame.select(pl.all_horizontal(pl.col(_SAYS_SOMETHING).is_null()) & ~pl.col("deleted")).to_series()
        expected = f"a row that says more than its key: {', '.join(_SAYS_SOMETHING)}"
        reading.refuse("title", empty, "empty_record", expected)
        return reading.result(frame)

    def _prices(self, reading: "_Reading") -> dict[str, pl.Series]:
        """Cost, list price and their currency; a price in no known currency, or not in the offer's, is withheld."""
        named = read_distinct(reading.text("currency"), parse_currency, pl.String())
        reading.take("currency", named, "field")
        beside = {name: read_currencies(reading.text(name)) for name in AMOUNTS}
        default = pl.when(named.reasons.is_null()).then(pl.lit(self.currency, pl.String))
        found = [named.values, *(read.values for read in beside.values())]
        currency = pl.select(pl.coalesce(*found, default)).to_series()
        prices: dict[str, pl.Series] = {}
        for name in AMOUNTS:
            price = self._price(reading, name)
            bare = price.is_not_null() & currency.is_null()
            expected = "a currency in the row, the profile or the tenant's settings"
            reading.withhold(name, bare, "missing_currency", expected)
            own = beside[name]
            other = price.is_not_null() & (own.reasons.is_not_null() | (own.values != currency).fill_null(value=False))
            reading.withhold(name, other, "other_currency", "a price in the one currency of the offer")
            prices[name] = price.set(bare | other, None)
        return {**prices, "currency": currency}

    def _price(self, reading: "_Reading", name: Amount) -> pl.Series:
        is_derived = name in self.profile.derive
        price = reading.take(name, read_amounts(reading.text(name), reading.decimal(name), signed=is_derived))
        zero = (price == 0).fill_null(value=False)
        if self.profile.zero_price == "refuse" and not is_derived:
            reading.refuse(name, zero, "zero_price", "a price above 0, or a profile with `zero_price: unset`")
        else:
            reading.note(name, "zero_is_no_price", int(zero.sum()))
        return price.set(zero, None)

    def _stock(self, reading: "_Reading") -> tuple[pl.Series, pl.Series]:
        profile = self.profile
        texts = reading.text("stock")
        read, kind = read_stock(texts, profile.stock_words, profile.stock_if_available, reading.decimal("stock"))
        below = texts.str.contains(r"^[-\u2212]") & (read.values == 0)
        reading.note("stock", "negative_stock_is_none", int(below.sum()))
        return reading.take("stock", read), kind

    def _vat_rate(self, reading: "_Reading") -> pl.Series:
        texts = reading.text("vat_rate").str.strip_chars("% \u00a0")
        received = reading.take("vat_rate", read_amounts(texts, reading.decimal("vat_rate")))
        rates = received
        for old, new in self.profile.vat_rates.items():
            hit = (received == old).fill_null(value=False)
            reading.note("vat_rate", f"outdated_rate_{old}_read_as_{new}", int(hit.sum()))
            rates = pl.select(pl.when(hit).then(pl.lit(new, rates.dtype)).otherwise(rates)).to_series()
        reading.refuse("vat_rate", (rates > 100).fill_null(value=False), "vat_rate_above_100", "a percentage")
        return _rounded(rates, "vat_rate")

    def _flag(self, reading: "_Reading", name: OfferField, *, default: bool | None) -> pl.Series:
        texts = reading.text(name)
        if texts.null_count() == len(texts):
            return pl.repeat(default, len(texts), dtype=pl.Boolean, eager=True)
        word = pl.col(name).str.replace_all("[Iİı]", "i").str.to_lowercase()
        known = pl.when(word.is_in(_TRUE)).then(statement=True).when(word.is_in(_FALSE)).then(statement=False)
        flags = texts.to_frame(name).select(known).to_series()
        reading.note(name, "unknown_word", flags.null_count() - texts.null_count())
        return flags if default is None else flags.fill_null(default)

    def _derived(self, frame: pl.DataFrame, reading: "_Reading") -> pl.DataFrame:
        """Apply the profile's expressions to the fields as read, all at once."""
        derived: dict[str, pl.Series] = {}
        for name, expression in self.profile.derive.items():
            values, failed = _evaluated(frame, pl.sql_expr(expression))
            derived[name] = column = _rounded(values, name)
            expected = f"`derive.{name}` to give a number that is not negative and not too large"
            reading.refuse(name, failed, "bad_expression", expected)
            reading.refuse(name, (column < 0).fill_null(value=False), "negative_number", expected)
            reading.refuse(name, values.is_not_null() & column.is_null(), "number_too_large", expected)
            if name in AMOUNTS and self.profile.zero_price == "refuse":
                reading.refuse(name, (column == 0).fill_null(value=False), "zero_price", "a price above 0")
        return frame.with_columns(**derived)

    def _attributes(self, reading: "_Reading") -> pl.Series:
        """Whatever no rule names, as the text of a JSON object with sorted keys; null when nothing is left."""
        names = sorted(name for name in reading.source.columns if name not in self._no_attributes)
        texts = as_objects(reading.source, names, blank=False)
        if reading.rest is None:
            return texts
        merged: list[str | None] = []
        for text, cells in zip(texts.to_list(), reading.rest, strict=True):
            rare = {name: cell for name, cell in cells.items() if name not in self._no_attributes and cell.strip()}
            merged.append(_merged(text, rare) if rare else text)
        return pl.Series(merged, dtype=pl.String)


def _merged(members: str | None, more: Mapping[str, str]) -> str:
    together = {**(msgspec.json.decode(members) if members else {}), **more}
    return msgspec.json.encode(together, order="sorted").decode()


def _evaluated(frame: pl.DataFrame, expression: pl.Expr) -> tuple[pl.Series, pl.Series]:
    """The value of `expression` in each row, and where there is none because it fails, as a division by zero does."""
    try:
        values = frame.with_columns(expression.alias("value"))["value"]
        return values, pl.repeat(value=False, n=len(frame), eager=True)
    except pl.exceptions.PolarsError:
        if len(frame) == 1:
            return nulls(1, AMOUNT), pl.Series([True])
    half = len(frame) // 2
    parts = [_evaluated(part, expression) for part in (frame[:half], frame[half:])]
    values = pl.concat([values.cast(MEASURE, strict=False) for values, _ in parts])
    return values, pl.concat([failed for _, failed in parts])


def _rounded(values: pl.Series, column: str) -> pl.Series:
    """`values` half up to the scale of an offer's column; null where they are too large for it."""
    dtype = cast("pl.Decimal", OFFER_SCHEMA[column])
    exact = values.round(dtype.scale, mode="half_away_from_zero") if values.dtype.is_decimal() else values
    return exact.cast(dtype, strict=False)


class _Reading:
    """One batch while it is read: takes texts by the profile and collects what was refused or withheld."""

    def __init__(self, source: pl.DataFrame, profile: FeedProfile) -> None:
        self.source = source
        self.profile = profile
        self.notes: Counter[tuple[str, str]] = Counter()
        self.rest = _decoded(source[REST]) if REST in source.columns else None
        self._found: list[pl.DataFrame] = []
        self._refused = pl.repeat(value=False, n=len(source), eager=True)
        self._texts = self._read_texts()

    def _read_texts(self) -> pl.DataFrame:
        """The text of every mapped field, trimmed; blank is null."""
        rules = self.profile.fields
        named = {name for rule in rules.values() for name in rule.source} - set(self.source.columns)
        rare = [
            pl.Series(name, [cells.get(name) for cells in self.rest or [{}] * len(self.source)], pl.String)
            for name in named
        ]
        sources = dict.fromkeys(name for rule in rules.values() for name in rule.source)
        trimmed = self.source.with_columns(rare).with_columns(pl.col(name).str.strip_chars() for name in sources)
        trimmed = trimmed.with_columns(pl.when(pl.col(name) != "").then(name).alias(name) for name in sources)
        return trimmed.with_columns(_expression(rule).alias(name) for name, rule in rules.items()).select(rules.keys())

    def text(self, name: OfferField) -> pl.Series:
        """The text of a canonical field."""
        if name in self.profile.fields:
            return self._texts[name]
        return nulls(len(self.source), pl.String())

    def decimal(self, name: OfferField) -> DecimalMark | None:
        """The decimal mark declared for a field: its own, else the profile's."""
        return self.profile.fields.get(name, FieldRule()).decimal or self.profile.decimal

    def take(self, name: OfferField, read: Read, scope: Scope = "row") -> pl.Series:
        """The values of `read`; its refusals refuse their rows, or withhold the value."""
        if read.reasons.null_count() < len(read.reasons):
            self._record(name, read.reasons.is_not_null(), read.reasons, read.expected, self.text(name), scope)
        return read.values

    def measure(self, name: OfferField, units: Mapping[str, Decimal], unit: str, column: str) -> pl.Series:
        """A measure in the canonical unit; the text may name its own unit, as in `9.2 oz`."""
        exact = self.take(name, read_measures(self.text(name), units, unit, self.decimal(name)), "field")
        values = _rounded(exact, column)
        self.withhold(name, exact.is_not_null() & values.is_null(), "number_too_large", "a measure that can be")
        return values

    def refuse(self, name: str, mask: pl.Series, reason: str, expected: str) -> None:
        """Refuse the rows of `mask` whole."""
        texts = self._texts[name] if name in self._texts.columns else None
        self._note_all(name, mask, reason, expected, texts, "row")

    def withhold(
        self, name: OfferField, mask: pl.Series, reason: str, expected: str, texts: pl.Series | None = None
    ) -> None:
        """Leave one value of the rows of `mask` out and say why."""
        self._note_all(name, mask, reason, expected, self.text(name) if texts is None else texts, "field")

    def note(self, field: str, reason: str, count: int) -> None:
        """Count something worth knowing that refuses nothing."""
        if count:
            self.notes[field, reason] += count

    def _note_all(
        self, name: str, mask: pl.Series, reason: str, expected: str, texts: pl.Series | None, scope: Scope
    ) -> None:
        if mask.any():
            reasons, expectations = (pl.repeat(text, len(mask), eager=True) for text in (reason, expected))
            self._record(name, mask, reasons, expectations, texts, scope)

    def _record(
        self, name: str, mask: pl.Series, reasons: pl.Series, expected: pl.Series, texts: pl.Series | None, scope: Scope
    ) -> None:
        if scope == "row":
            self._refused = self._refused | mask
        place = mask.arg_true()
        value = texts.gather(place) if texts is not None else nulls(len(place), pl.String())
        self._found.append(
            pl.DataFrame(
                {
                    "_place": place,
                    "field": pl.repeat(name, len(place), eager=True),
                    "reason": reasons.gather(place),
                    "value": value,
                    "expected": expected.gather(place),
                    "scope": pl.repeat(scope, len(place), eager=True),
                }
            )
        )
        for reason, count in reasons.gather(place).value_counts().iter_rows():
            self.notes[name, reason] += count

    def result(self, frame: pl.DataFrame) -> Normalised:
        """Offers of the rows that were not refused, and what was found, with the row as received."""
        service = self.source.select(SERVICE_COLUMNS)
        offers = pl.concat([frame, service], how="horizontal").filter(~self._refused)
        return Normalised(offers.select(OFFER_SCHEMA.keys()).cast(OFFER_SCHEMA), self._refusals(frame), self.notes)

    def _refusals(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One entry for a refused row, with the first reason; else one for each field that was withheld."""
        if not self._found:
            return pl.DataFrame(schema=REFUSAL_SCHEMA)
        is_row = pl.col("scope") == "row"
        found = pl.concat(self._found).with_columns(_once=pl.when(is_row).then(pl.lit("")).otherwise("field"))
        found = found.unique(["_place", "_once"], keep="first", maintain_order=True)
        found = found.filter(is_row | ~self._refused.gather(found["_place"]))
        rows = self.source.drop(SERVICE_COLUMNS)[found["_place"]]
        return pl.DataFrame(
            {
                **{name: self.source[name].gather(found["_place"]) for name in SERVICE_COLUMNS},
                "supplier_sku": frame["supplier_sku"].gather(found["_place"]),
                **{name: found[name] for name in ("scope", "field", "reason", "value", "expected")},
                "raw": as_objects(rows, rows.columns, blank=True).fill_null("{}"),
                "raw_kind": pl.repeat("fields", len(found), eager=True),
            }
        ).cast(REFUSAL_SCHEMA)


def _decoded(rest: pl.Series) -> list[dict[str, str]]:
    decode = msgspec.json.Decoder(dict[str, str]).decode
    return [decode(cells) if cells else {} for cells in rest.to_list()]


def _expression(rule: FieldRule) -> pl.Expr:
    """The text that a rule takes from a row's columns, where blank is null already."""
    if rule.join is not None and rule.source:
        text = pl.concat_str(rule.source, separator=rule.join, ignore_nulls=True)
    else:
        text = pl.coalesce(*rule.source, pl.lit(rule.constant, pl.String))
    for rewrite in rule.rewrite:
        text = text.str.replace_all(rewrite.match, rewrite.to)
    if rule.values:
        text = text.replace(rule.values)
    if rule.join is None and rule.constant is None and not rule.rewrite and not rule.values:
        return text
    text = text.str.strip_chars()
    return pl.when(text != "").then(text)
