"""Both central banks on the loopback interface: they publish what a test lets them, where the real ones do."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.fx.bulletin import Bulletin, Rate
from meschain.pricing.context import Pricing
from meschain.pricing.exchange import Exchange, Side, exchanges
from meschain.settings import variable_of
from tests.connectors.loopback import Reply, Seen, Server, serving

Rates = Mapping[str, str | tuple[str, str]]
"""By currency: one rate, or what the bank pays and what it asks."""
LIRA, EURO, HISTORY = "/kurlar", "/stats/eurofxref/eurofxref-daily.xml", "/stats/eurofxref/eurofxref-hist.zip"


@dataclass
class Banks:
    """What is published, by path; anything else is not found."""

    server: Server
    documents: dict[str, bytes] = field(default_factory=dict)

    @property
    def addresses(self) -> dict[str, str]:
        """As the context of pricing has them."""
        return {"tcmb": self.server.url("/kurlar"), "ecb": self.server.url("/stats/eurofxref")}

    @property
    def environment(self) -> dict[str, str]:
        """Settings that lead here."""
        told = {variable_of("http", source): address for source, address in self.addresses.items()}
        return {**told, variable_of("http", "allow_private_addresses"): "true"}

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for."""
        return [seen.target for seen in self.server.seen]

    def publish_lira(self, day: date, rates: Rates, number: str = "2026/1") -> None:
        """Let the Turkish bank publish that day's bulletin."""
        self.documents[lira_path(day)] = lira_document(day, rates, number)

    def publish_euro(self, day: date, rates: Rates) -> None:
        """Let the European bank publish it as its newest."""
        self.documents[EURO] = euro_document(day, rates)


@contextmanager
def open_banks() -> Iterator[Banks]:
    """Both banks, which have published nothing yet."""
    documents: dict[str, bytes] = {}

    def answer(seen: Seen) -> Reply:
        body = documents.get(seen.target)
        return Reply(404, b"Not here") if body is None else Reply(body=body)

    with serving(answer) as server:
        yield Banks(server, documents)


def lira_path(day: date) -> str:
    """Where the Turkish bank puts it."""
    return f"{LIRA}/{day:%Y%m}/{day:%d%m%Y}.xml"


def lira_document(day: date, rates: Rates, number: str = "2026/1") -> bytes:
    """A bulletin as the Turkish bank writes it."""
    currencies = "".join(
        f'<Currency CurrencyCode="{code}"><Unit>1</Unit><ForexBuying>{buying}</ForexBuying>'
        f"<ForexSelling>{selling}</ForexSelling></Currency>"
        for code, (buying, selling) in _pairs(rates)
    )
    return f'<Tarih_Date Tarih="{day:%d.%m.%Y}" Bulten_No="{number}">{currencies}</Tarih_Date>'.encode()


def euro_document(day: date, rates: Rates) -> bytes:
    """Reference rates as the European bank writes them."""
    cubes = "".join(f'<Cube currency="{code}" rate="{rate}"/>' for code, (rate, _) in _pairs(rates))
    return f'<Envelope><Cube><Cube time="{day}">{cubes}</Cube></Cube></Envelope>'.encode()


def history_of(bulletins: Mapping[date, Rates]) -> bytes:
    """The archive of all reference rates, the newest first, as it is published."""
    names = sorted({code for rates in bulletins.values() for code in rates})
    lines = [f"Date,{','.join(names)},"]
    lines += [
        f"{day},{','.join(str(bulletins[day].get(name, 'N/A')) for name in names)},"
        for day in sorted(bulletins, reverse=True)
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "\n".join(lines))
    return packed.getvalue()


def lira(day: date, rates: Rates, number: str = "2026/1") -> Bulletin:
    """A bulletin of the Turkish bank."""
    found = (Rate(code, "TRY", Decimal(buying), Decimal(selling)) for code, (buying, selling) in _pairs(rates))
    return Bulletin("tcmb", number, day, tuple(found))


def euro(day: date, rates: Rates) -> Bulletin:
    """Reference rates of the European bank."""
    found = (Rate("EUR", code, Decimal(rate), Decimal(rate)) for code, (rate, _) in _pairs(rates))
    return Bulletin("ecb", day.isoformat(), day, tuple(found))


def exchanged(pricing: Pricing, base: str, quote: str, day: date, source: str, side: Side) -> Exchange | str:
    """What one unit is worth in another currency, or why that is not known."""
    return exchanges(pricing, [(base, quote)], day, source, side)[base, quote]


def _pairs(rates: Rates) -> Iterator[tuple[str, tuple[str, str]]]:
    for code, told in rates.items():
        yield code, (told, told) if isinstance(told, str) else told
