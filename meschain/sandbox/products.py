"""The made-up products of a world: what every supplier who offers one says alike (GTIN, brand, title, size, weight).

A world is a seed; a product is its number. Four numbers in a row may be the variants of one product. What differs by
supplier (code, price, stock, wording) is `meschain.sandbox.assortment`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from meschain.sandbox.draws import Keys, permuted, pick, spread
from meschain.sandbox.gtins import gtins
from meschain.sandbox.pools import Pool
from meschain.sandbox.vocabulary import BRAND_PREFIXES, BRANDS, CATEGORIES, COLOURS, DEPARTMENTS

VARIANTS = 4
"""Products numbered 4k to 4k + 3 are of one family."""
_LETTERS = "ABCDEFGHKLMNPRST"
_PRODUCTS = Pool(kind.products for kind in CATEGORIES)
_MATERIALS = Pool(kind.materials for kind in CATEGORIES)
_SIZES = Pool([label for label, _ in kind.sizes] for kind in CATEGORIES)
_SIZE_GRAMS = np.concatenate([[grams for _, grams in kind.sizes] for kind in CATEGORIES])
_SIZE_STARTS = np.cumsum(_SIZES.sizes) - _SIZES.sizes
_PATHS, _BRANDS, _COLOURS = Pool([[kind.path for kind in CATEGORIES]]), Pool([BRANDS]), Pool([COLOURS])
_CODES = Pool([[first + second for first in _LETTERS for second in _LETTERS]])
_SHARES = np.repeat(np.arange(len(CATEGORIES)), [kind.share for kind in CATEGORIES])
_BRANDS_EACH = len(BRANDS) // len(DEPARTMENTS)


def _table(*columns: tuple[int, ...]) -> tuple[Keys, ...]:
    return tuple(np.array(column, np.int64) for column in columns)


_DEPARTMENT, _VAT, _COLOURED = _table(
    *zip(*((kind.department, kind.vat, int(kind.coloured)) for kind in CATEGORIES), strict=True)
)
_LOWEST, _HIGHEST = _table(*zip(*(kind.price for kind in CATEGORIES), strict=True))
_LIGHTEST, _HEAVIEST = _table(*zip(*(kind.grams for kind in CATEGORIES), strict=True))
_SHORTEST, _LONGEST = _table(*zip(*(kind.mm for kind in CATEGORIES), strict=True))


@dataclass(frozen=True, slots=True)
class Products:
    """Some products of a world by number, with the two things everything else follows from."""

    world: int
    items: Keys
    varied: npt.NDArray[np.bool_]
    """Is it one of four variants?"""
    family: Keys
    """The number of a product's first variant; the product's own if it has no variants."""
    category: Keys
    size: Keys
    """Which of the category's sizes; the variants of a product have different ones."""

    @property
    def departments(self) -> Keys:
        """Index into `vocabulary.DEPARTMENTS`."""
        return _DEPARTMENT[self.category]


def products(world: int, items: Keys) -> Products:
    """The products with the numbers `items`."""
    family = items // VARIANTS
    varied = pick(world, "varied", family, 100) < 35
    anchor = np.where(varied, family * VARIANTS, items)
    category = _SHARES[pick(world, "category", anchor, len(_SHARES))]
    sizes = _SIZES.sizes[category]
    size = (pick(world, "size", anchor, sizes) + items % VARIANTS) % sizes
    return Products(world, items, varied, anchor, category, size)


def usual_prices(some: Products) -> Keys:
    """What a product usually costs the customer: kuruş, VAT included, with the endings shops like.

    Where the size says how much is inside, half a kilo or litre has the drawn price and more costs more.
    """
    kind = some.category
    drawn = spread(some.world, "price", some.family, _LOWEST[kind], _HIGHEST[kind])
    inside = _inside(some)
    whole = np.where(inside > 0, drawn * (inside + 400) // 900, drawn) // 100 * 100
    endings = np.array([90, 90, 99, 95, 0, 50], np.int64)
    return whole + endings[pick(some.world, "price ending", some.family, len(endings))]


def sheet(some: Products) -> pl.DataFrame:
    """Everything about the products that does not depend on who sells them; texts are Turkish."""
    world, items, family, kind = some.world, some.items, some.family, some.category
    brand = _DEPARTMENT[kind] * _BRANDS_EACH + pick(world, "brand", family, _BRANDS_EACH)
    prefixes = np.array(BRAND_PREFIXES, np.int64)[brand % len(BRAND_PREFIXES)]
    number = pl.Series(permuted(world, "mpn", items, 10_000_000)).cast(pl.String).str.zfill(7)
    colour = _COLOURS.choose(world, "colour", items, kind)
    group = pl.Series(family // VARIANTS).cast(pl.String).str.zfill(7)
    columns = {
        "gtin": gtins(world, items, prefixes),
        "mpn": pl.Series(_CODES.choose(world, "mpn letters", family, kind) + "-" + number),
        "brand": _BRANDS.take(np.zeros_like(brand), brand),
        "family": pl.Series(family),
        "product": _PRODUCTS.choose(world, "product", family, kind),
        "material": _MATERIALS.choose(world, "material", family, kind),
        "size": _SIZES.take(kind, some.size),
        "colour": colour.set(pl.Series(_COLOURED[kind] == 0), None),
        "category": _PATHS.take(np.zeros_like(kind), kind),
        "variant_group": ("G" + group).set(pl.Series(~some.varied), None),
        "vat_rate": pl.Series(_VAT[kind]),
    }
    return pl.DataFrame(columns).with_columns(*_measures(some))


def _inside(some: Products) -> Keys:
    """Grams (or millilitres) the size promises, 0 where it is about something else."""
    grams: Keys = _SIZE_GRAMS[_SIZE_STARTS[some.category] + some.size]
    return grams


def _measures(some: Products) -> list[pl.Series]:
    """Weight in grams and three sides in millimetres; where the size says how much is inside, the weight follows it."""
    world, family, kind = some.world, some.family, some.category
    inside = _inside(some)
    packing = inside // 20 + pick(world, "packing", family, 90) + 5
    free = spread(world, "weight", family, _LIGHTEST[kind], _HEAVIEST[kind])
    length = spread(world, "length", family, _SHORTEST[kind], _LONGEST[kind])
    sides = {
        "weight_g": np.where(inside > 0, inside + packing, free),
        "length_mm": length,
        "width_mm": length * (40 + pick(world, "width", family, 60)) // 100,
        "height_mm": length * (8 + pick(world, "height", family, 60)) // 100,
    }
    return [pl.Series(name, numbers) for name, numbers in sides.items()]
