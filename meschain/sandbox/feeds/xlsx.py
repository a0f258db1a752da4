"""A workbook with one sheet and Turkish headings: prices as numbers, barcodes as text. Written row by row."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.flaws import FIELD_FLAWS, PRICE_FLAWS

# Prices go through text: polars divides by multiplying with 0.01, which is off in the last digit.
_COLUMNS: dict[str, pl.Expr] = {
    "Ürün Kodu": texts.flawed_sku(),
    "Barkod": pl.col("gtin"),
    "Ürün Adı": pl.col("title"),
    "Marka": pl.col("brand"),
    "Kategori": pl.col("category"),
    "Açıklama": pl.col("description"),
    "Alış Fiyatı": texts.amount("cost", ".").cast(pl.Float64),
    "Liste Fiyatı": texts.amount("list_price", ".").cast(pl.Float64),
    "Döviz": pl.col("currency"),
    "KDV %": pl.col("vat_rate"),
    "Stok Adedi": pl.col("stock"),
    "Ağırlık (g)": pl.col("weight_g"),
    "Resim": pl.col("image_1"),
    "Resim 2": pl.col("image_2"),
    "Üretici Kodu": pl.col("mpn"),
    "Varyant Grup ID": pl.col("variant_group"),
    "Son Güncelleme": texts.local("updated"),
}
_PRICE = list(_COLUMNS).index("Liste Fiyatı")


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as an Excel workbook; it holds no more than 1,048,575 offers."""
    workbook = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_urls": False, "strings_to_numbers": False}
    )
    workbook.set_properties({"created": datetime.fromtimestamp(assortment.moment, UTC).replace(tzinfo=None)})
    page = workbook.add_worksheet("Ürünler")
    page.write_row(0, 0, list(_COLUMNS))
    place = 1
    for sheet in assortment.sheets():
        bad = pl.when(pl.col("flaw").is_in([int(flaw) for flaw in PRICE_FLAWS])).then(
            texts.flawed_price(texts.amount("list_price", ","), ",")
        )
        rows = sheet.select(*(value.alias(name) for name, value in _COLUMNS.items()), bad.alias("bad price"))
        for *cells, bad_price in rows.iter_rows():
            cells[_PRICE] = bad_price or cells[_PRICE]
            page.write_row(place, 0, cells)
            place += 1
    workbook.close()


DIALECT = Dialect("xlsx", ".xlsx", write, FIELD_FLAWS)
