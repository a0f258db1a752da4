"""Google Merchant RSS 2.0: the `g:` namespace, prices like `199.90 TRY`, stock only as in or out of stock."""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import FIELD_FLAWS


def _record(sheet: pl.DataFrame) -> pl.Series:
    currency = pl.concat_str(pl.lit(" "), pl.col("currency"))
    stock = pl.when(pl.col("stock") > 0).then(pl.lit("in_stock")).otherwise(pl.lit("out_of_stock"))
    known = pl.when(pl.col("gtin").is_null()).then(pl.lit("no")).otherwise(pl.lit("yes"))
    children = [
        ("g:id", texts.flawed_sku()),
        ("g:title", pl.format("<![CDATA[{}]]>", pl.col("title"))),
        ("g:description", pl.format("<![CDATA[{}]]>", pl.col("description"))),
        ("g:link", pl.col("image_1").str.replace(r"//img\.(.*)-1\.jpg$", "//www.${1}")),
        ("g:image_link", pl.col("image_1")),
        ("g:additional_image_link", pl.col("image_2")),
        ("g:availability", stock),
        ("g:price", texts.flawed_price(texts.amount("list_price", "."), ".", unit=currency)),
        ("g:cost_of_goods_sold", pl.concat_str(texts.amount("cost", "."), currency)),
        ("g:brand", texts.xml_text(pl.col("brand"))),
        ("g:gtin", pl.col("gtin")),
        ("g:mpn", pl.col("mpn")),
        ("g:identifier_exists", known),
        ("g:condition", pl.lit("new")),
        ("g:item_group_id", pl.col("variant_group")),
        ("g:product_type", texts.xml_text(pl.col("category"))),
        ("g:color", pl.col("colour")),
        ("g:size", texts.xml_text(pl.col("size"))),
        ("g:shipping_weight", pl.format("{} g", pl.col("weight_g"))),
    ]
    return sheet.select(texts.xml_element("item", children, indent="    ")).to_series()


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one RSS file in UTF-8 with a byte order mark, as shop systems do."""
    shop = assortment.shop.host
    head = (
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
        f"  <channel>\n    <title>{shop}</title>\n    <link>https://www.{shop}</link>\n"
        "    <description>Ürün kataloğu</description>\n"
    )
    write_records(path, assortment.sheets(), _record, head=head, tail="\n  </channel>\n</rss>\n")


DIALECT = Dialect("merchant-rss", ".xml", write, FIELD_FLAWS, facts=("price", "price", "wording"), counts_stock=False)
