"""NDJSON as younger suppliers export it: English keys, numbers as numbers, null for what is not there."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import LINE_FLAWS, Flaw


def _record(sheet: pl.DataFrame) -> pl.Series:
    line = texts.json_object(
        [
            ("sku", texts.json_text(texts.flawed_sku())),
            ("ean", texts.json_text(pl.col("gtin"))),
            ("mpn", texts.json_text(pl.col("mpn"))),
            ("title", texts.json_text(texts.flawed_title())),
            ("brand", texts.json_text(pl.col("brand"))),
            ("category", texts.json_text(pl.col("category"))),
            ("description", texts.json_text(pl.col("description"))),
            ("cost", texts.amount("cost", ".")),
            ("price", texts.flawed_price(texts.amount("list_price", "."), ".", quote='"')),
            ("currency", texts.json_text(pl.col("currency"))),
            ("vat_rate", pl.col("vat_rate")),
            ("stock", pl.col("stock")),
            ("weight_g", pl.col("weight_g")),
            *((f"{side}_cm", texts.amount(f"{side}_mm", ".", digits=1)) for side in ("length", "width", "height")),
            ("images", texts.json_images()),
            ("variant_group", texts.json_text(pl.col("variant_group"))),
            ("updated_at", texts.json_text(texts.utc("updated"))),
        ]
    )
    broken = pl.col("flaw") == Flaw.RAGGED_LINE
    return sheet.select(pl.when(broken).then(line.str.slice(0, 60)).otherwise(line)).to_series()


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one object per line in UTF-8."""
    write_records(path, assortment.sheets(), _record, tail="\n")


DIALECT = Dialect("ndjson", ".ndjson", write, LINE_FLAWS)
