"""The columns that a normalised batch has: what `meschain.catalog.normalise` gives and the staged delta takes."""

from typing import Literal

import polars as pl

from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO, ROW

Amount = Literal["cost", "list_price"]
AMOUNTS: tuple[Amount, ...] = ("cost", "list_price")
_SERVICE = {ROW: pl.Int64(), DIGEST_HI: pl.UInt32(), DIGEST_LO: pl.UInt64()}

OFFER_SCHEMA = pl.Schema(
    {
        "supplier_sku": pl.String(),
        "gtin": pl.String(),
        "gtins": pl.List(pl.String()),
        "mpn": pl.String(),
        "title": pl.String(),
        "brand": pl.String(),
        "category": pl.String(),
        "description": pl.String(),
        "cost": pl.Decimal(18, 4),
        "list_price": pl.Decimal(18, 4),
        "currency": pl.String(),
        "vat_rate": pl.Decimal(5, 2),
        "vat_included": pl.Boolean(),
        "stock": pl.Decimal(18, 3),
        "stock_kind": pl.String(),
        "weight_g": pl.Decimal(18, 3),
        "length_cm": pl.Decimal(12, 2),
        "width_cm": pl.Decimal(12, 2),
        "height_cm": pl.Decimal(12, 2),
        "desi": pl.Decimal(12, 2),
        "image_urls": pl.List(pl.String()),
        "attributes": pl.String(),
        "variant_group": pl.String(),
        "deleted": pl.Boolean(),
        **_SERVICE,
    }
)

REFUSAL_SCHEMA = pl.Schema(
    {
        **_SERVICE,
        "supplier_sku": pl.String(),
        "scope": pl.String(),
        "field": pl.String(),
        "reason": pl.String(),
        "value": pl.String(),
        "expected": pl.String(),
        "raw": pl.String(),
        "raw_kind": pl.String(),
    }
)
