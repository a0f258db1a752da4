"""One JSON array, gzipped, as an API hands out a whole catalog: camel case keys, numbers as numbers."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import FIELD_FLAWS


def _record(sheet: pl.DataFrame) -> pl.Series:
    members = [
        ("productCode", texts.json_text(texts.flawed_sku())),
        ("gtin", texts.json_text(pl.col("gtin"))),
        ("manufacturerPartNumber", texts.json_text(pl.col("mpn"))),
        ("name", texts.json_text(pl.col("title"))),
        ("brand", texts.json_text(pl.col("brand"))),
        ("categoryPath", texts.json_text(pl.col("category"))),
        ("description", texts.json_text(pl.col("description"))),
        ("purchasePrice", texts.amount("cost", ".")),
        ("salesPrice", texts.flawed_price(texts.amount("list_price", "."), ".", quote='"')),
        ("currency", texts.json_text(pl.col("currency"))),
        ("vatRate", pl.col("vat_rate")),
        ("quantity", pl.col("stock")),
        ("weight", pl.col("weight_g")),
        ("images", texts.json_images()),
        ("variantGroup", texts.json_text(pl.col("variant_group"))),
        ("updatedAt", texts.json_text(texts.utc("updated"))),
    ]
    return sheet.select(texts.json_object(members)).to_series()


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one array in UTF-8; gzipped when the path ends in .gz."""
    write_records(path, assortment.sheets(), _record, head="[\n", joint=",\n", tail="\n]\n")


DIALECT = Dialect("json-array", ".json.gz", write, FIELD_FLAWS)
