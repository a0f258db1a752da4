"""The central banks whose rates are known: where their day is, what they count in, and how their bulletins are fetched.

Nothing is kept here. Addresses are handed in; only what is public may be asked, unless the settings allow more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from commerce.errors import Permanent, Refused
from connectors.fx.bulletin import Bulletin
from connectors.fx.ecb import fetch_ecb, fetch_ecb_history
from connectors.fx.tcmb import fetch_tcmb
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings

Source = Literal["tcmb", "ecb"]
SOURCES: tuple[Source, ...] = get_args(Source)
LONGEST_HOLIDAY = timedelta(days=12)
"""Nine days of a feast with its bridges, and the weekends around it: no bulletin is older and still the newest."""


@dataclass(frozen=True, slots=True)
class Bank:
    """A central bank."""

    pivot: str
    """The currency that every rate of its bulletins has on one side."""
    time_zone: str
    """Where it is the day that its bulletins name."""
    first: date
    """The day of the first bulletin that can be fetched."""


BANKS: Mapping[str, Bank] = {
    "tcmb": Bank("TRY", "Europe/Istanbul", date(1996, 4, 16)),
    "ecb": Bank("EUR", "Europe/Berlin", date(1999, 1, 4)),
}


def bank_of(source: str) -> Bank:
    """The bank of that source; Refused, naming those there are."""
    if source not in BANKS:
        raise Refused(f"{source!r} is no source of rates; expected one of {', '.join(BANKS)}")
    return BANKS[source]


def today_of(source: str, now: datetime) -> date:
    """The day that it is then at the bank."""
    return now.astimezone(ZoneInfo(bank_of(source).time_zone)).date()


def fetch_bulletin(http: HttpSettings, banks: Mapping[str, str], source: str, day: date) -> Bulletin:
    """The bank's bulletin of that day, or the newest before it; `banks` says where each one publishes.

    Errors as of the HTTP client; Permanent when it cannot be read, or there was none for longer than any holiday lasts;
    Refused for a day before its first one.
    """
    first = bank_of(source).first
    if day < first:
        raise Refused(f"{source} has no rates of {day}; its first bulletin is of {first}")
    with HttpClient(http) as client:
        if source == "tcmb":
            found = fetch_tcmb(client, day, banks[source])
        else:
            found = fetch_ecb(client, banks[source])
            if found.day > day:  # only the newest one has a document of its own
                found = _of_day(fetch_ecb_history(client, banks[source]), day)
    if found.day > day:
        raise Permanent(f"{banks[source]}: the bulletin that lies there for {day} says that it is of {found.day}")
    if day - found.day > LONGEST_HOLIDAY:
        raise Permanent(f"{banks[source]}: the newest bulletin is of {found.day}; see there whether the bank moved it")
    return found


def fetch_history(http: HttpSettings, banks: Mapping[str, str]) -> Iterator[Bulletin]:
    """Every bulletin of the ECB since 1999, the oldest first. Errors as for `fetch_bulletin`."""
    with HttpClient(http) as client:
        yield from fetch_ecb_history(client, banks["ecb"])


def _of_day(history: Iterator[Bulletin], day: date) -> Bulletin:
    """The newest bulletin that is not after the day."""
    found = [bulletin for bulletin in history if bulletin.day <= day]
    if not found:
        raise Permanent(f"the history of the ECB holds no rates of {day} or before it; look there")
    return found[-1]
