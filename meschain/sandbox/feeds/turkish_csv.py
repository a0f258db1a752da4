"""CSV as Turkish office programs save it: windows-1254, semicolons, decimal comma, Turkish headings, CR LF."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import LINE_FLAWS, Flaw

HEADING = (
    "Stok Kodu;Barkod;Ürün Adı;Marka;Kategori;Açıklama;Alış Fiyatı;Satış Fiyatı;Para Birimi;KDV;Stok;Ağırlık (g);"
    "Resim;Güncelleme"
)


def _record(sheet: pl.DataFrame) -> pl.Series:
    line = texts.csv_line(
        [
            texts.flawed_sku(),
            pl.col("gtin"),
            texts.csv_quoted(texts.flawed_title()),
            pl.col("brand"),
            pl.col("category"),
            texts.csv_quoted(pl.col("description")),
            texts.amount("cost", ","),
            texts.flawed_price(texts.amount("list_price", ","), ","),
            texts.turkish_currency(),
            pl.col("vat_rate").cast(pl.String),
            pl.col("stock").cast(pl.String),
            pl.col("weight_g").cast(pl.String),
            pl.col("image_1"),
            texts.local("updated"),
        ]
    )
    ragged = pl.col("flaw") == Flaw.RAGGED_LINE
    short = pl.concat_str("supplier_sku", "brand", "product", separator=";")
    return sheet.select(
        pl.when(ragged & (pl.col("item") % 2 == 0)).then(short).when(ragged).then(line + ";fazla;alan").otherwise(line)
    ).to_series()


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one CSV file."""
    head = f"{HEADING}\r\n"
    write_records(path, assortment.sheets(), _record, head=head, joint="\r\n", tail="\r\n", charset="windows-1254")


DIALECT = Dialect("turkish-csv", ".csv", write, LINE_FLAWS)
