"""Matches offers of different suppliers to one product: by GTIN, then brand and part number; never by title.

A person's explicit link overrules both, so that a wrong GTIN in a feed can be put right.
"""

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from meschain.catalog.context import Catalog
from warehouse import products


def match_products(catalog: Catalog) -> dict[str, int]:
    """Bring `core.products` and `core.product_offers` up to date with the offers; gives counts by way of matching."""
    with catalog.lake.connect() as connection:
        groups = group_gtins(products.several_gtins(connection))
        return products.rebuild(catalog.lake, connection, groups)


def group_gtins(lists: list[list[str]]) -> pa.Table:
    """GTINs that stand for one product because offers name them together: columns gtin, product_gtin (the smallest).

    `lists` holds the GTINs of each offer that has several, as fourteen digits.
    """
    gtins = sorted({gtin for offer in lists for gtin in offer})
    number = {gtin: place for place, gtin in enumerate(gtins)}
    pairs = [(number[offer[0]], number[other]) for offer in lists for other in offer[1:]]
    if not pairs:
        return pa.table({"gtin": pa.array([], pa.string()), "product_gtin": pa.array([], pa.string())})
    left, right = np.array(pairs).T
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(len(gtins), len(gtins)))
    _, label = connected_components(graph, directed=False)
    _, smallest = np.unique(label, return_index=True)
    return pa.table({"gtin": gtins, "product_gtin": [gtins[place] for place in smallest[label]]})
