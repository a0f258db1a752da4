"""What one supplier offers of a world's products: a ledger of whole numbers, written out as texts only on demand.

The ledger takes some forty bytes a product, so millions fit in memory; `Assortment.sheets` turns it, some thousand
products at a time, into the columns that feeds are written from. Money is whole minor units (kuruş, cents).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from meschain.sandbox import products
from meschain.sandbox.descriptions import describe
from meschain.sandbox.draws import Keys, permuted, pick, seed_of, spread
from meschain.sandbox.gtins import MOST_ITEMS

FIRST_MOMENT = 1_790_834_400
"""When first feeds were written: 2026-10-01T06:00:00Z in Unix seconds."""
SHEET_ROWS = 20_000
_RATES = {"TRY": 1, "EUR": 48, "USD": 41}
"""Lira to the foreign unit: a round figure for made-up prices, not an exchange rate."""
_IMAGES = 3

LEDGER = {
    "item": pl.Int64,
    "cost": pl.Int64,
    "list_price": pl.Int64,
    "stock": pl.Int32,
    "wording": pl.Int32,
    "updated": pl.Int64,
    "flaw": pl.UInt8,
}
"""`wording` counts rewritten descriptions, `updated` is the last change in Unix seconds, `flaw` see `flaws.Flaw`."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Who offers: `seed` decides codes, prices, stock and wording; shops of one `world` sell the same products."""

    seed: int
    world: int
    prefix: str = "SKU-"
    host: str = "toptan.example"
    currencies: tuple[str, ...] = ("TRY",)

    def codes(self, items: Keys) -> pl.Series:
        """The supplier's own codes of products, all different."""
        digits = pl.Series(permuted(self.seed, "code", items, 10_000_000)).cast(pl.String).str.zfill(7)
        return pl.Series("supplier_sku", self.prefix + digits)


@dataclass(frozen=True, slots=True)
class Assortment:
    """One state of a shop's offers, in the order of its feed; `next_item` is the next product to be taken up."""

    shop: Shop
    ledger: pl.DataFrame
    next_item: int
    moment: int = FIRST_MOMENT

    def __len__(self) -> int:
        return len(self.ledger)

    def sheets(self, rows: int = SHEET_ROWS) -> Iterator[pl.DataFrame]:
        """All offers in columns, about `rows` at a time, never parting a family of variants; see `sheet`."""
        families = self.ledger["item"].to_numpy() // products.VARIANTS
        start = 0
        while start < len(families):
            end = min(start + rows, len(families))
            while end < len(families) and families[end] == families[end - 1]:
                end += 1
            yield sheet(self.shop, self.ledger[start:end])
            start = end


def assortment(n: int, seed: int, *, shop: Shop | None = None, first_item: int = 0) -> Assortment:
    """The first offers of a shop: `n` products of its world, numbered from `first_item`."""
    if first_item + n > MOST_ITEMS:
        raise ValueError(f"products are numbered up to {MOST_ITEMS - 1}: {first_item} + {n} goes beyond")
    shop = shop or Shop(seed=seed, world=seed)
    items = np.arange(first_item, first_item + n, dtype=np.int64)
    return Assortment(shop, offers(shop, items, FIRST_MOMENT), first_item + n)


def offers(shop: Shop, items: Keys, moment: int, *, fresh: bool = False) -> pl.DataFrame:
    """Ledger rows for products newly taken up: last changed within 400 days before `moment`, or within the day."""
    some = products.products(shop.world, items)
    rates = np.array([_RATES[currency] for currency in shop.currencies], np.int64)[_currencies(shop, items)]
    usual = np.maximum(products.usual_prices(some) // rates, 20)
    list_price = usual * (92 + pick(shop.seed, "list price", items, 17)) // 100
    cost = list_price * (50 + pick(shop.seed, "cost", items, 32)) // 100
    sold_out = pick(shop.seed, "sold out", items, 100) < 11
    stock = spread(shop.seed, "stock", items, np.ones_like(items), np.full_like(items, 900))
    age = pick(shop.seed, "age", items, 86_400 if fresh else 400 * 86_400)
    columns = {
        "item": items,
        "cost": cost,
        "list_price": list_price,
        "stock": np.where(sold_out, 0, stock),
        "wording": np.zeros_like(items),
        "updated": moment - age,
        "flaw": np.zeros_like(items),
    }
    return pl.DataFrame(columns).cast(dict(LEDGER.items()))


def _currencies(shop: Shop, items: Keys) -> Keys:
    return pick(shop.seed, "currency", items // products.VARIANTS, len(shop.currencies))


def sheet(shop: Shop, ledger: pl.DataFrame) -> pl.DataFrame:
    """Offers in full: the ledger's columns (`updated` as UTC time) and all that follows from shop and product."""
    items = ledger["item"].to_numpy()
    some = products.products(shop.world, items)
    wording = ledger["wording"].to_numpy().astype(np.int64)
    words = seed_of(shop.seed, "wording") >> 1
    told = describe(words, items + wording * MOST_ITEMS, some.departments)
    currency = pl.Series(shop.currencies)[pl.Series(_currencies(shop, items))]
    title = pl.concat_str("brand", "material", "product", "size", "colour", separator=" ", ignore_nulls=True)
    return (
        products.sheet(some)
        .hstack(ledger)
        .with_columns(pl.from_epoch("updated").dt.replace_time_zone("UTC"))
        .with_columns(shop.codes(items), told, currency.alias("currency"))
        .with_columns(title.alias("title"), pl.concat_str("brand", "material", "product", separator=" ").alias("name"))
        .with_columns(_images(shop, items))
    )


def _images(shop: Shop, items: Keys) -> list[pl.Expr]:
    """One to three addresses; those a product does not have are null."""
    count = pl.lit(pl.Series(pick(shop.seed, "images", items, _IMAGES) + 1))
    base = pl.format("https://{}/urun/{}", pl.lit(f"img.{shop.host}"), pl.col("mpn").str.to_lowercase())
    return [
        pl.when(count >= place).then(pl.format("{}-{}.jpg", base, pl.lit(str(place)))).alias(f"image_{place}")
        for place in range(1, _IMAGES + 1)
    ]
