"""Bulletins are fetched where the banks put them: over holidays, of days long ago, never from a private place."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from commerce.errors import Permanent, Refused
from connectors.fx.bulletin import Rate
from connectors.http.failures import HttpPermanent
from connectors.http.settings import HttpSettings
from meschain.pricing.banks import BANKS, SOURCES, fetch_bulletin, fetch_history, today_of
from meschain.pricing.bulletins import by_pair
from tests.pricing.bank import EURO, HISTORY, Banks, history_of, lira_path

HTTP = HttpSettings(allow_private=("127.0.0.1",), total_timeout=10, rate=1000, burst=1000)
FRIDAY = date(2026, 1, 2)


def test_every_source_has_its_bank() -> None:
    assert tuple(BANKS) == SOURCES


def test_the_bulletin_as_the_bank_publishes_it(banks: Banks, shared_data: Path) -> None:
    day = date(2015, 12, 4)
    banks.documents[lira_path(day)] = (shared_data / "fx/tcmb_2015-12-04.xml").read_bytes()
    found = fetch_bulletin(HTTP, banks.addresses, "tcmb", day)
    assert (found.source, found.number, found.day, len(found.rates)) == ("tcmb", "2015/231", day, 18)
    assert by_pair(found)["JPY", "TRY"] == Rate("JPY", "TRY", Decimal("0.023488"), Decimal("0.023644"))
    assert banks.asked == [lira_path(day)]


def test_on_a_holiday_it_is_that_of_the_business_day_before(banks: Banks) -> None:
    banks.publish_lira(FRIDAY, {"USD": ("42.9", "43.1")}, "2026/2")
    monday = FRIDAY + timedelta(days=3)
    found = fetch_bulletin(HTTP, banks.addresses, "tcmb", monday)
    assert (found.number, found.day) == ("2026/2", FRIDAY)
    assert banks.asked == [lira_path(monday - timedelta(days=before)) for before in range(4)]


def test_a_gap_longer_than_any_holiday_is_an_error(banks: Banks) -> None:
    banks.publish_lira(FRIDAY - timedelta(days=13), {"USD": "42.9"})
    with pytest.raises(Permanent, match="there is no bulletin of 2026-01-02 and of the 12 days before"):
        fetch_bulletin(HTTP, banks.addresses, "tcmb", FRIDAY)
    banks.publish_euro(FRIDAY - timedelta(days=13), {"USD": "1.1"})
    with pytest.raises(Permanent, match="the newest bulletin is of 2025-12-20"):
        fetch_bulletin(HTTP, banks.addresses, "ecb", FRIDAY)


@pytest.mark.parametrize("document", [b"", b"<html><body>Bak\xc4\xb1m</body></html>", b"<Tarih_Date", b"\x00\x01"])
def test_what_is_no_bulletin_is_an_error_that_names_its_address(banks: Banks, document: bytes) -> None:
    banks.documents[lira_path(FRIDAY)] = document
    banks.documents[EURO] = document
    for source, path in (("tcmb", lira_path(FRIDAY)), ("ecb", EURO)):
        with pytest.raises(Permanent, match=f"{banks.server.port}{path}: "):
            fetch_bulletin(HTTP, banks.addresses, source, FRIDAY)


def test_a_bulletin_that_is_of_another_day_than_its_place_is_not_taken(banks: Banks) -> None:
    banks.publish_lira(FRIDAY, {"USD": "42.9"})
    banks.documents[lira_path(FRIDAY - timedelta(days=1))] = banks.documents[lira_path(FRIDAY)]
    with pytest.raises(Permanent, match="lies there for 2026-01-01 says that it is of 2026-01-02"):
        fetch_bulletin(HTTP, banks.addresses, "tcmb", FRIDAY - timedelta(days=1))


def test_any_other_answer_than_not_found_ends_the_search(banks: Banks) -> None:
    banks.documents.clear()
    with pytest.raises(HttpPermanent, match="404"):
        fetch_bulletin(HTTP, banks.addresses, "ecb", FRIDAY)
    assert banks.asked == [EURO]


def test_the_newest_reference_rates_and_those_of_a_day_long_ago(banks: Banks) -> None:
    banks.publish_euro(FRIDAY, {"USD": "1.1193", "TRY": "6.6699"})
    banks.documents[HISTORY] = history_of(
        {
            FRIDAY: {"USD": "1.1193"},
            date(2025, 12, 31): {"USD": "1.12", "TRL": "9"},
            date(2025, 12, 30): {"USD": "1.13"},
        }
    )
    newest = fetch_bulletin(HTTP, banks.addresses, "ecb", FRIDAY + timedelta(days=2))
    assert (newest.day, by_pair(newest)["EUR", "TRY"].buying) == (FRIDAY, Decimal("6.6699"))
    assert banks.asked == [EURO]
    earlier = fetch_bulletin(HTTP, banks.addresses, "ecb", date(2026, 1, 1))
    assert (earlier.day, len(earlier.rates)) == (date(2025, 12, 31), 2)
    assert banks.asked[1:] == [EURO, HISTORY]
    with pytest.raises(Permanent, match="holds no rates of 2025-12-01"):
        fetch_bulletin(HTTP, banks.addresses, "ecb", date(2025, 12, 1))


def test_every_reference_rate_there_has_been(banks: Banks, shared_data: Path) -> None:
    banks.documents[HISTORY] = (shared_data / "fx/eurofxref-hist.zip").read_bytes()
    found = {bulletin.day: by_pair(bulletin) for bulletin in fetch_history(HTTP, banks.addresses)}
    assert len(found) == 7126
    known = found[date(2020, 1, 2)]
    assert (known["EUR", "USD"].buying, known["EUR", "TRY"].selling) == (Decimal("1.1193"), Decimal("6.6699"))


def test_a_private_address_is_asked_only_where_that_is_allowed(banks: Banks) -> None:
    banks.publish_lira(FRIDAY, {"USD": "42.9"})
    with pytest.raises(Refused, match=r"127\.0\.0\.1 leads to .* nothing was sent"):
        fetch_bulletin(HttpSettings(), banks.addresses, "tcmb", FRIDAY)
    assert banks.asked == []


@pytest.mark.parametrize(
    ("source", "day", "told"),
    [
        ("fed", FRIDAY, "'fed' is no source of rates; expected one of tcmb, ecb"),
        ("tcmb", date.min, "tcmb has no rates of 0001-01-01; its first bulletin is of 1996-04-16"),
        ("ecb", date(1998, 12, 31), "its first bulletin is of 1999-01-04"),
    ],
)
def test_what_nobody_publishes_is_refused_without_asking(banks: Banks, source: str, day: date, told: str) -> None:
    with pytest.raises(Refused, match=told):
        fetch_bulletin(HTTP, banks.addresses, source, day)
    assert banks.asked == []


def test_it_is_the_day_of_the_bank() -> None:
    late = datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
    assert (today_of("tcmb", late), today_of("ecb", late)) == (date(2026, 1, 2), date(2026, 1, 1))
