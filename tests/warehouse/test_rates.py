"""Rates reach the lake a day of a source at a time, with twelve digits behind the mark, and in the place of others."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from warehouse import statements
from warehouse.lake import Connection
from warehouse.rates import COLUMNS, replace_days

MONDAY, TUESDAY = "2026-01-05", "2026-01-06"


@pytest.fixture
def database():
    with duckdb.connect() as connection:
        statements.run(connection, "lake/schemas")
        statements.run(connection, "core/exchange_rates")
        yield connection


def write(database: Connection, *rows: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Write the rows; gives what is there."""
    columns = {name: [row[number] for row in rows] for number, name in enumerate(COLUMNS)}
    replace_days(database, columns)
    return database.execute("SELECT * FROM core.exchange_rates ORDER BY ALL").fetchall()


def test_a_day_of_a_source_takes_the_place_of_what_was_there(database: Connection) -> None:
    ours, theirs = ("tcmb", "1", MONDAY, "USD", "TRY", "42", "43"), ("ecb", MONDAY, MONDAY, "EUR", "TRY", "50", "50")
    later, gone = ("tcmb", "2", TUESDAY, "USD", "TRY", "44", "45"), ("tcmb", "1", MONDAY, "GBP", "TRY", "60", "61")
    first = write(database, ours, gone, theirs, later)
    assert write(database, ours, gone, theirs, later) == first
    changed = ("tcmb", "1b", MONDAY, "USD", "TRY", "42.5", "43.5")
    assert write(database, changed) == [
        ("ecb", MONDAY, date(2026, 1, 5), "EUR", "TRY", Decimal(50), Decimal(50)),
        ("tcmb", "1b", date(2026, 1, 5), "USD", "TRY", Decimal("42.5"), Decimal("43.5")),
        ("tcmb", "2", date(2026, 1, 6), "USD", "TRY", Decimal(44), Decimal(45)),
    ]


def test_digits_behind_the_twelfth_are_rounded(database: Connection) -> None:
    ((*_, buying, selling),) = write(
        database, ("tcmb", "1", MONDAY, "IRR", "TRY", "0.0000123456785", "9999999999999999.5")
    )
    assert (buying, selling) == (Decimal("0.000012345679"), Decimal("9999999999999999.5"))
