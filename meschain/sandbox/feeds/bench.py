"""The feed of the benchmarks in three forms, fourteen fields a product: big, plain, and with nothing wrong in it."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.files import write_records

_TURKISH: dict[str, pl.Expr] = {
    "stok_kodu": pl.col("supplier_sku"),
    "barkod": pl.col("gtin"),
    "urun_adi": pl.col("title"),
    "marka": pl.col("brand"),
    "kategori": pl.col("category"),
    "aciklama": pl.col("description"),
    "alis_fiyati": texts.amount("cost", ",", grouped=True),
    "satis_fiyati": texts.amount("list_price", ",", grouped=True),
    "para_birimi": pl.col("currency"),
    "kdv": pl.col("vat_rate").cast(pl.String),
    "stok": pl.col("stock").cast(pl.String),
    "agirlik_g": pl.col("weight_g").cast(pl.String),
    "resim": pl.col("image_1"),
    "guncelleme": texts.utc("updated"),
}
_WORDS = ("urun_adi", "marka", "kategori", "aciklama")


def write_csv(assortment: Assortment, path: Path) -> None:
    """Semicolons, UTF-8, prices like 1.299,90; quoted where a text holds a semicolon or a quote."""
    line = texts.csv_line(texts.csv_quoted(text) if name in _WORDS else text for name, text in _TURKISH.items())
    head = f"{';'.join(_TURKISH)}\n"
    write_records(path, assortment.sheets(), lambda sheet: sheet.select(line).to_series(), head=head, tail="\n")


def write_xml(assortment: Assortment, path: Path) -> None:
    """`<urunler><urun>` with an element per field, UTF-8, prices like 1.299,90."""
    children = [(name, texts.xml_text(text) if name in _WORDS else text) for name, text in _TURKISH.items()]
    record = texts.xml_element("urun", children, indent="")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urunler>\n'
    write_records(
        path, assortment.sheets(), lambda sheet: sheet.select(record).to_series(), head=head, tail="\n</urunler>\n"
    )


def write_ndjson(assortment: Assortment, path: Path) -> None:
    """An object per line, UTF-8, English keys, prices as JSON numbers."""
    record = texts.json_object(
        [
            ("sku", texts.json_text(pl.col("supplier_sku"))),
            ("ean", texts.json_text(pl.col("gtin"))),
            ("title", texts.json_text(pl.col("title"))),
            ("brand", texts.json_text(pl.col("brand"))),
            ("category", texts.json_text(pl.col("category"))),
            ("description", texts.json_text(pl.col("description"))),
            ("cost", texts.amount("cost", ".")),
            ("price", texts.amount("list_price", ".")),
            ("currency", texts.json_text(pl.col("currency"))),
            ("vat_rate", pl.col("vat_rate")),
            ("stock", pl.col("stock")),
            ("weight_g", pl.col("weight_g")),
            ("image", texts.json_text(pl.col("image_1"))),
            ("updated_at", texts.json_text(texts.utc("updated"))),
        ]
    )
    write_records(path, assortment.sheets(), lambda sheet: sheet.select(record).to_series(), tail="\n")
