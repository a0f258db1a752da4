"""Reference rates of the European Central Bank (ECB): one euro in other currencies, each business day since 1999."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl

from commerce.errors import Permanent
from connectors.fx.bulletin import Bulletin, Rate, check_rate, parse_xml
from connectors.http.call import Call
from connectors.http.client import HttpClient

ADDRESS = "https://www.ecb.europa.eu/stats/eurofxref"
_MAX_BYTES = 5_000_000
_MAX_UNPACKED = 50_000_000


def fetch_ecb(http: HttpClient, address: str = ADDRESS) -> Bulletin:
    """The newest reference rates. Errors as of the client; Permanent when they cannot be read."""
    url = f"{address}/eurofxref-daily.xml"
    return parse_ecb(http.request(Call(url, max_bytes=_MAX_BYTES)).content, url)[-1]


def fetch_ecb_history(http: HttpClient, address: str = ADDRESS) -> Iterator[Bulletin]:
    """Every bulletin there has been, the oldest first. Errors as of the client; Permanent when they cannot be read."""
    url = f"{address}/eurofxref-hist.zip"
    return parse_ecb_history(http.request(Call(url, max_bytes=_MAX_BYTES)).content, url)


def parse_ecb(document: bytes, shown: str = "the bulletin") -> list[Bulletin]:
    """The bulletins of a document as it is published (`gesmes:Envelope`), the oldest first.

    Raises Permanent when it cannot be read, or holds none.
    """
    days = [cube for cube in parse_xml(document, shown).iter("{*}Cube") if cube.get("time") is not None]
    if not days:
        raise Permanent(f"{shown}: expected reference rates in elements Cube with a time, found none")
    found = []
    for cube in days:
        rates = [(each.get("currency", ""), each.get("rate", "")) for each in cube.iter("{*}Cube") if each is not cube]
        found.append(_bulletin(cube.get("time", ""), rates, shown))
    return sorted(found, key=lambda bulletin: bulletin.day)


def parse_ecb_history(archive: bytes, shown: str = "the history") -> Iterator[Bulletin]:
    """The bulletins of `eurofxref-hist.zip`, a table with a row for each day, the oldest first.

    Raises Permanent when it cannot be read.
    """
    table = _table(archive, shown)
    currencies = [name for name in table.columns if name != "Date" and name.strip()]
    for row in table.sort("Date").iter_rows(named=True):
        yield _bulletin(row["Date"], [(name, row[name]) for name in currencies if row[name] is not None], shown)


def _table(archive: bytes, shown: str) -> pl.DataFrame:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed, packed.open(packed.namelist()[0]) as file:
            text = file.read(_MAX_UNPACKED)
        table = pl.read_csv(text, infer_schema=False, null_values="N/A", truncate_ragged_lines=True)
    except (IndexError, RuntimeError, zipfile.BadZipFile, zlib.error, pl.exceptions.PolarsError):
        raise Permanent(f"{shown}: expected an archive with one table of rates, separated by commas") from None
    if "Date" not in table.columns:
        raise Permanent(f"{shown}: expected a table with a column Date, found {', '.join(table.columns[:5])}")
    return table


def _bulletin(day: str, rates: list[tuple[str, str]], shown: str) -> Bulletin:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise Permanent(f"{shown}: the rates of {day!r} cannot be read; expected a day such as 2026-09-18") from None
    if not rates:
        raise Permanent(f"{shown}: there are no rates of {day}")
    return Bulletin("ecb", day, found, tuple(_rate(*each, f"{shown}: the rates of {day}") for each in rates))


def _rate(currency: str, text: str, shown: str) -> Rate:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise Permanent(f"{shown}: rate of {currency} is {text!r}, expected a number such as 1.1172") from None
    if not currency:
        raise Permanent(f"{shown}: the rate {text} has no currency")
    return check_rate(Rate("EUR", currency, rate, rate), ("rate", "rate"), shown)
