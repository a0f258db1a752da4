"""Rates of exchange as central banks publish them, whichever bank it is. Converts nothing and keeps nothing."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from commerce.errors import Permanent

_LEAST, _MOST = Decimal("0.000000001"), Decimal(10) ** 9
"""Within these every rate ever published lies, and what one of them is turned round."""
_DIGITS = 12
"""Behind the mark, as the lake keeps them."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of the currency `base` costs in the currency `quote`.

    `buying` is what the bank pays for it and `selling` what it asks; a bank that names one rate names it as both.
    """

    base: str
    quote: str
    buying: Decimal
    selling: Decimal


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Everything that a bank (`tcmb`, `ecb`) published of one business day."""

    source: str
    number: str
    """As the bank counts it (`2015/231`); the day where it does not."""
    day: date
    rates: tuple[Rate, ...]


def check_rate(rate: Rate, fields: tuple[str, str], shown: str) -> Rate:
    """The same rate, if it can be one; `fields` is what its bulletin calls buying and selling.

    Raises Permanent, naming the bulletin (`shown`), currency and field, for what no bank asks or no lake keeps.
    """
    pair = f"{rate.base} in {rate.quote}"
    for field, amount in zip(fields, (rate.buying, rate.selling), strict=True):
        if not (amount.is_finite() and _LEAST <= amount <= _MOST and amount == round(amount, _DIGITS)):
            raise Permanent(
                f"{shown}: {field} of {pair} is {amount} for one unit, expected a number from {_LEAST:f} to {_MOST} "
                f"with at most {_DIGITS} digits behind the mark"
            )
    if rate.buying > rate.selling:
        raise Permanent(
            f"{shown}: {fields[0]} of {pair} is {rate.buying} and {fields[1]} {rate.selling}, "
            f"expected a bank that sells for no less than it buys for"
        )
    return rate


def parse_xml(document: bytes, shown: str) -> etree._Element:
    """The root of a bank's document, whatever its encoding; `shown` is what an error calls it.

    No DTD, no entity but XML's own five, no network. Raises Permanent when it is no such document.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise Permanent(f"{shown}: this is no bulletin of rates, it is not well-formed ({error.msg})") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Permanent(f"{shown}: this is no bulletin of rates, it declares a document type")
    return root
