"""Turkish B2B XML in the manner of IdeaSoft shops: `<root><item>`, prices like 1.299,90, TL, details in CDATA."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import FIELD_FLAWS


def _record(sheet: pl.DataFrame) -> pl.Series:
    details = pl.format("<![CDATA[<p>{}</p><ul><li>{}</li></ul>]]>", pl.col("description"), pl.col("name"))
    children = [
        ("stockCode", texts.flawed_sku()),
        ("label", texts.xml_text(pl.col("title"))),
        ("status", pl.lit("1")),
        ("brand", texts.xml_text(pl.col("brand"))),
        ("barcode", pl.col("gtin")),
        ("mainCategory", texts.xml_text(texts.category_level(0))),
        ("category", texts.xml_text(texts.category_level(1))),
        ("subCategory", texts.xml_text(texts.category_level(2))),
        ("buyingPrice", texts.amount("cost", ",", grouped=True)),
        ("price1", texts.flawed_price(texts.amount("list_price", ",", grouped=True), ",")),
        ("tax", pl.col("vat_rate").cast(pl.String)),
        ("currencyAbbr", texts.turkish_currency()),
        ("stockAmount", pl.col("stock").cast(pl.String)),
        ("stockType", pl.lit("Adet")),
        ("dm3", texts.amount("centilitres", ",")),
        *((f"picture{place}Path", pl.col(f"image_{place}")) for place in (1, 2, 3)),
        ("details", details),
    ]
    return sheet.with_columns(texts.litres()).select(texts.xml_element("item", children)).to_series()


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one XML file in UTF-8."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<root>\n'
    write_records(path, assortment.sheets(), _record, head=head, tail="\n</root>\n")


DIALECT = Dialect("ideasoft", ".xml", write, FIELD_FLAWS)
