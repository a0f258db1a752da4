"""The feed profile: how a supplier's fields become the canonical offer. Data a person can read, edit and version."""

from decimal import Decimal
from typing import Annotated, Literal, Self

import polars as pl
import xxhash
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from commerce.currency import ISO_4217
from commerce.errors import Permanent
from commerce.numbers import DecimalMark
from connectors.feeds.layout import Layout
from meschain.catalog.columns import OFFER_SCHEMA
from meschain.catalog.derivation import find_fault

OfferField = Literal[
    "supplier_sku", "gtin", "mpn", "title", "brand", "category", "description", "cost", "list_price", "currency",
    "vat_rate", "vat_included", "stock", "weight", "length", "width", "height", "desi", "image_urls", "variant_group",
    "deleted",
]  # fmt: skip
NORMALISER_VERSION = 1
"""Raised whenever the same feed and profile would give other offers: every record is then parsed again."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Rewrite(_Part):
    """A replacement in the text before it is read: `match` is a regular expression (RE2), `to` may use `${1}`."""

    match: Annotated[str, Field(max_length=500)]
    to: Annotated[str, Field(max_length=500)]

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            pl.select(pl.lit("").str.replace_all(self.match, self.to))
        except pl.exceptions.PolarsError as error:
            msg = f"match: {self.match!r} is not a regular expression: {error}"
            raise ValueError(msg) from error
        return self


class FieldRule(_Part):
    """Where a canonical field's text comes from: the first source that is not blank, or all of them joined."""

    source: tuple[str, ...] = Field(default=(), alias="from")
    join: str | None = None
    constant: str | None = None
    rewrite: Annotated[tuple[Rewrite, ...], Field(max_length=20)] = ()
    values: dict[str, str] = {}
    """Whole texts to replace, after `rewrite`."""
    decimal: DecimalMark | None = None
    """Overrides the profile's decimal mark for this field."""


class Absence(_Part):
    """What it means that an offer is not in the feed, each case with its own grace."""

    complete: bool = True
    """The feed lists everything the supplier has, so that an offer it leaves out is missing."""
    missing_days: Annotated[int, Field(ge=0)] = 7
    """Days after which an offer missing from complete feeds counts as deleted."""
    late_hours: Annotated[int, Field(ge=0)] = 24
    """Hours a feed may be overdue before its offers count as late."""
    held_days: Annotated[int, Field(ge=1)] = 7
    """Days a held run waits for a decision before it is rejected by itself."""


class GateBounds(_Part):
    """Largest share (0 to 1) of the supplier's offers that one run may change in a suspicious way."""

    row_loss: float = 0.20
    price_changes: float = 0.50
    price_loss: float = 0.20
    out_of_stock: float = 0.50
    duplicates: float = 0.05
    charset_noise: float = 0.01
    least_rows: int = 5
    """Fewer affected offers than this never hold a run."""


class FeedProfile(_Part):
    """Everything that decides how a supplier's feed is read. Two equal profiles read a file alike."""

    layout: Layout | None = None
    fields: dict[OfferField, FieldRule] = {}
    derive: dict[Literal["cost", "list_price", "stock", "vat_rate", "desi", "weight_g"], str] = {}
    """SQL expressions over the canonical fields as read, such as `cost: CASE WHEN cost < 0 THEN … ELSE cost END`."""
    decimal: DecimalMark | None = None
    zero_price: Literal["refuse", "unset"] = "unset"
    """What a price of 0 is: no price (reported), or a reason to refuse the row."""
    currency: str | None = None
    """ISO 4217 code of prices whose row names none."""
    vat_included: bool | None = None
    vat_rates: dict[Decimal, Annotated[Decimal, Field(ge=0, le=100)]] = {}
    """Rates to replace, such as an outdated `18` by `20`; every use is reported."""
    stock_words: dict[str, Annotated[Decimal, Field(ge=0, max_digits=17, decimal_places=3)]] = {}
    """Stock texts and the quantity they stand for, beside the usual ones."""
    stock_if_available: Annotated[int, Field(ge=0)] = 1
    """Quantity that stands for a plain yes."""
    weight_unit: Literal["g", "kg", "oz", "lb"] = "g"
    length_unit: Literal["mm", "cm", "m", "in"] = "cm"
    drop: tuple[str, ...] = ()
    """Source fields that are not kept, not even as attributes."""
    absence: Absence = Absence()
    gate: GateBounds = GateBounds()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.currency is not None and self.currency not in ISO_4217:
            msg = f"currency: {self.currency!r} is not an ISO 4217 code such as TRY, EUR or USD"
            raise ValueError(msg)
        for name, expression in self.derive.items():
            if fault := find_fault(expression):
                msg = f"derive.{name}: {expression[:80]!r} is not a SQL expression over the offer's fields: {fault}"
                raise ValueError(msg)
            try:
                is_of_one_row = _is_of_one_row(expression)
            except pl.exceptions.PolarsError as error:
                msg = f"derive.{name}: {expression!r} is not a SQL expression over the offer's fields: {error}"
                raise ValueError(msg) from error
            if not is_of_one_row:
                msg = f"derive.{name}: {expression!r} depends on other rows; expected one that needs its own row only"
                raise ValueError(msg)
        return self

    def fingerprint(self, *extra: str) -> int:
        """Seed of the record digests: changes whenever records of the same bytes could give other offers."""
        body = self.model_dump_json(exclude={"layout", "gate", "absence"})
        return xxhash.xxh3_64_intdigest("\0".join([str(NORMALISER_VERSION), body, *extra]).encode())


def _is_of_one_row(expression: str) -> bool:
    """Whether an expression gives a row the same value alone and beside another one: no totals, no ranks."""
    value = pl.sql_expr(expression).alias("value")
    numeric = [name for name, dtype in OFFER_SCHEMA.items() if dtype.is_numeric()]
    numbers = {name: [7 + place, 31 + 2 * place] for place, name in enumerate(numeric)}
    texts = {name: ["x", "x"] for name, dtype in OFFER_SCHEMA.items() if dtype == pl.String}
    rows = pl.DataFrame({**numbers, **texts}).cast({name: OFFER_SCHEMA[name] for name in numbers})
    rows = pl.concat([rows, pl.DataFrame(schema=OFFER_SCHEMA).clear(2).drop(rows.columns)], how="horizontal")
    alone = [rows[place : place + 1].with_columns(value)["value"][0] for place in (0, 1)]
    return rows.with_columns(value)["value"].to_list() == alone


def parse_profile(body: object, origin: str) -> FeedProfile:
    """A profile from its JSON or YAML form. Raises Permanent naming `origin`, the field and what was expected."""
    try:
        return FeedProfile.model_validate(body)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'profile'}: {e['msg']}" for e in error.errors())
        raise Permanent(f"{origin} is not a feed profile: {faults}.") from error
