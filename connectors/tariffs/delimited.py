"""Tariffs as a table between commas, semicolons or tabs: one row for each carrier, desi and band of prices."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from commerce.errors import BadRecord, Permanent
from commerce.visible import visible
from connectors.feeds.names import plain_name
from connectors.tariffs.bands import Row
from connectors.tariffs.faults import Faults, read_amount, read_carrier, read_desi, read_number, read_price
from connectors.tariffs.tariff import TariffRate

_COLUMNS: Mapping[str, Sequence[str]] = {
    "carrier": ("carrier", "tasiyici", "kargo"),
    "desi": ("desi",),
    "price_from": ("pricefrom", "fiyatalt"),
    "price_below": ("pricebelow", "fiyatust"),
    "amount": ("amount", "tutar"),
}
_EXPECTED = (
    "the columns carrier, desi, price_from, price_below and amount (or taşıyıcı, desi, fiyat_alt, fiyat_ust, tutar), "
    "each once and no other, with commas, semicolons or tabs between them"
)
_DELIMITERS = (";", "\t", ",")


class _Column(NamedTuple):
    """A column: where it stands, and what its heading calls it."""

    place: int
    heading: str


def read_table(text: str, shown: str, faults: Faults) -> list[Row]:
    """The rows that can be read; what is wrong with the others is kept. Permanent when it is no such table."""
    head = text.partition("\n")[0]
    records = _records(text, max(_DELIMITERS, key=head.count), shown)
    columns = _columns(next(records, []), shown)
    rows = []
    for number, cells in enumerate(records, start=2):
        if any(cell.strip() for cell in cells):
            with faults.at(f"row {number}"):
                rows.append(Row(f"row {number}", _rate(cells, columns)))
    return rows


def _records(text: str, delimiter: str, shown: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise Permanent(f"{shown}: line {reader.line_num} cannot be cut into fields: {error}") from None


def _known(headings: Sequence[str]) -> dict[str, _Column]:
    """Each column that there is, by our name for it."""
    plain = [plain_name(heading) for heading in headings]
    found = {name: [plain.index(each) for each in names if each in plain] for name, names in _COLUMNS.items()}
    return {name: _Column(places[0], headings[places[0]].strip()) for name, places in found.items() if places}


def _columns(headings: Sequence[str], shown: str) -> dict[str, _Column]:
    """Every column; Permanent when one is missing, comes twice or is none of a tariff's."""
    found, given = _known(headings), [heading for heading in headings if heading.strip()]
    if len(found) < len(_COLUMNS) or len(given) > len(_COLUMNS):
        seen = ", ".join(visible(heading.strip(), 40) for heading in given[:10]) or "no headings"
        raise Permanent(f"{shown}: expected {_EXPECTED}; found {seen}")
    return found


def _rate(cells: Sequence[str], columns: Mapping[str, _Column]) -> TariffRate:
    """The rate of a row; BadRecord, in the words of the headings, when it is none."""
    ours = {column.place for column in columns.values()}
    if strange := [cell for index, cell in enumerate(cells) if index not in ours and cell.strip()]:
        raise BadRecord("without_a_heading", "row", strange[0], "a field for each heading; quote one with a delimiter")
    given = {name: (cells[at] if at < len(cells) else "", heading) for name, (at, heading) in columns.items()}
    rate = TariffRate(
        carrier=read_carrier(*given["carrier"]),
        desi=read_desi(*given["desi"]),
        price_from=read_price(*given["price_from"]),
        price_below=read_number(*given["price_below"]),
        amount=read_amount(*given["amount"]),
    )
    if rate.price_below is not None and rate.price_below <= rate.price_from:
        text, heading = given["price_below"]
        raise BadRecord("no_end_of_a_band", heading, text, f"a price above {rate.price_from}, or nothing for no end")
    return rate
