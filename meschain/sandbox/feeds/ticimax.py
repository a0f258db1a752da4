"""Turkish B2B XML in the manner of Ticimax shops: products with their variants nested in `UrunSecenek/Secenek`.

What a product card says (name, images) belongs to the family of variants and does not change when one of them leaves.
"""

from pathlib import Path

import polars as pl

from meschain.sandbox.assortment import Assortment
from meschain.sandbox.feeds import texts
from meschain.sandbox.feeds.dialect import Dialect
from meschain.sandbox.feeds.files import write_records
from meschain.sandbox.flaws import FIELD_FLAWS


def _variants() -> pl.Expr:
    option = '<Ozellik Tanim="{}" Deger="{}"/>'
    size = pl.col("size").str.replace_all('"', "&quot;", literal=True)
    colour = pl.format(option, pl.lit("Renk"), pl.col("colour")).fill_null("")
    children = [
        ("VaryasyonID", pl.col("item").cast(pl.String)),
        ("StokKodu", texts.flawed_sku()),
        ("Barkod", pl.col("gtin")),
        ("StokAdedi", pl.col("stock").cast(pl.String)),
        ("AlisFiyati", texts.amount("cost", ",")),
        ("SatisFiyati", texts.flawed_price(texts.amount("list_price", ","), ",")),
        ("KDVDahil", pl.lit("true")),
        ("KdvOrani", pl.col("vat_rate").cast(pl.String)),
        ("ParaBirimiKodu", texts.turkish_currency()),
        ("EkSecenekOzellik", pl.concat_str(pl.format(option, pl.lit("Beden"), size), colour)),
    ]
    return texts.xml_element("Secenek", children, indent="      ")


def _record(sheet: pl.DataFrame) -> pl.Series:
    """One product card per run of rows of one family."""
    card = pl.col("family").cast(pl.String)
    image = pl.format("https://img.ticimax.example/kart/{}-1.jpg", card)
    children = [
        ("UrunKartiID", card),
        ("UrunAdi", texts.xml_text(pl.col("name"))),
        ("Aciklama", pl.format("<![CDATA[<p>{}</p>]]>", pl.col("name"))),
        ("Marka", texts.xml_text(pl.col("brand"))),
        ("SatisBirimi", pl.lit("Adet")),
        ("Kategori", texts.xml_text(texts.category_level(2))),
        ("KategoriTree", texts.xml_text(pl.col("category").str.replace_all(" > ", "/", literal=True))),
        ("Resimler", pl.format("<Resim>{}</Resim>", image)),
        ("UrunSecenek", pl.format("\n{}\n    ", pl.col("variants"))),
    ]
    return (
        sheet.with_columns(_variants().alias("variant"), pl.col("family").rle_id().alias("run"))
        .group_by("run", maintain_order=True)
        .agg(pl.col("family", "name", "brand", "category").first(), pl.col("variant").str.join("\n").alias("variants"))
        .select(texts.xml_element("Urun", children))
        .to_series()
    )


def write(assortment: Assortment, path: Path) -> None:
    """Write the assortment as one XML file in UTF-8, a card per product with its variants inside."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<Root>\n<Urunler>\n'
    write_records(path, assortment.sheets(), _record, head=head, tail="\n</Urunler>\n</Root>\n")


DIALECT = Dialect("ticimax", ".xml", write, FIELD_FLAWS, facts=("price", "stock"))
