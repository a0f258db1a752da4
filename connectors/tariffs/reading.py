"""Reads a cargo tariff from a file, in whichever of the known forms it is: a marketplace's JSON, or a table."""

from commerce.errors import Permanent
from connectors.tariffs.bands import whole_tariff
from connectors.tariffs.delimited import read_table
from connectors.tariffs.faults import Faults
from connectors.tariffs.marketplace import read_marketplace
from connectors.tariffs.tariff import Tariff


def read_tariff(data: bytes, shown: str) -> Tariff:
    """The tariff that a file holds; `shown` is what an error calls the file.

    Permanent, telling what is wrong row by row, unless all of it can be used: for every carrier and desi the bands of
    prices begin at zero, touch each other, and have no end.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Permanent(
            f"{shown}: byte {error.start:,} is no UTF-8; save the tariff as CSV UTF-8, or as JSON"
        ) from None
    if not text.strip():
        raise Permanent(f"{shown}: this file is empty; expected a cargo tariff")
    faults = Faults(shown)
    if text.lstrip().startswith(("{", "[")):
        rows, day = read_marketplace(text, shown, faults)
    else:
        rows, day = read_table(text, shown, faults), None
    return whole_tariff(rows, day, faults)
