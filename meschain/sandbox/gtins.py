"""Trade item numbers for made-up products, whole columns at once (check digit: GS1 General Specifications 7.9).

Written on its own, not through `commerce.gtin`, so that the one can be held against the other.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from meschain.sandbox.draws import Keys, permuted, pick

MOST_ITEMS = 7_000_000
"""Items must be numbered below this: there are no more GTIN-8."""
_KINDS = np.array([13] * 90 + [8] * 2 + [12] * 3 + [14] + [0] * 4)
"""Digits per hundred products; 0 is a product without a number."""


def check_digits(bodies: Keys) -> Keys:
    """Check digits of GTINs given without theirs, as whole numbers (leading zeros do not count)."""
    total = np.zeros_like(bodies)
    rest = bodies.copy()
    weight = 3
    while rest.any():
        total += rest % 10 * weight
        rest //= 10
        weight = 4 - weight
    return -total % 10


def gtins(world: int, items: Keys, prefixes: Keys) -> pl.Series:
    """One GTIN per item, no two alike in a world, null for some; `prefixes` are GS1 prefixes (three digits)."""
    kinds = _KINDS[pick(world, "gtin kind", items, len(_KINDS))]
    nine = permuted(world, "gtin", items, 1_000_000_000)
    eight = 3_000_000 + permuted(world, "gtin 8", items, MOST_ITEMS)
    thirteen = prefixes * 1_000_000_000 + nine
    upc = 6 * 10_000_000_000 + nine
    case = (1 + items % 8) * 1_000_000_000_000 + thirteen
    bodies = np.select([kinds == 13, kinds == 8, kinds == 12, kinds == 14], [thirteen, eight, upc, case], 0)
    return _texts(bodies * 10 + check_digits(bodies), kinds)


def _texts(numbers: Keys, kinds: npt.NDArray[np.int64]) -> pl.Series:
    texts = pl.Series("gtin", numbers).cast(pl.String)
    return texts.set(pl.Series(kinds == 0), None)
