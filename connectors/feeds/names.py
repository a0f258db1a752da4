"""What the names of fields say about the shape of a feed: only whether something is an article by itself."""

import re
from collections.abc import Iterable

_CODES = {
    "sku", "code", "kod", "barcode", "barkod", "gtin", "ean", "stockcode", "stokkodu", "stokkod", "vstockcode",
    "variantcode", "varyantkodu", "vbarcode", "urunkodu", "productcode", "wscode", "suppliercode", "variationcode",
}  # fmt: skip
_AMOUNTS = re.compile("stock|stok|adet|quantity|qty|miktar|amount|price|fiyat|envanter")
_LATIN = str.maketrans("çğıöşüâîû", "cgiosuaiu")


def is_sold(fields: Iterable[str]) -> bool:
    """Whether something with these fields has a code and, beside it, a stock or a price of its own."""
    names = {plain_name(name) for name in fields}
    codes = names & _CODES
    return bool(codes) and any(_AMOUNTS.search(name) for name in names - codes)


def plain_name(name: str) -> str:
    """A name as it is compared: letters and digits only, small, without Turkish marks."""
    small = name.replace("İ", "i").replace("I", "i").lower().translate(_LATIN)
    return "".join(char for char in small if char.isalnum())
