"""Everything that the margins of a catalogue depend on beside its offers, read from the store for one day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from commerce.currency import minor_digits
from connectors.tariffs.tariff import carrier_key
from meschain.channels.service import list_channels
from meschain.channels.tables import Channel
from meschain.pricing.context import Pricing
from meschain.pricing.exchange import Exchange, exchanges
from meschain.pricing.resolution import Mentions, Sale, TermFault, resolve
from meschain.pricing.service import stated_terms
from meschain.pricing.tables import CargoTariff
from meschain.pricing.tariffs import list_tariffs, tariff_rows
from meschain.pricing.terms import Settings, Term, Terms, of_currency, reference_terms
from warehouse.margin_lines import Combination, Inputs, Mentioned, Row
from warehouse.margins import Line

_OF_A_LINE = frozenset(field.name for field in fields(Line)) & Settings.model_fields.keys()
_BESIDE = ("desi", "carrier", "cargo_payer", "cost_vat_included")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a tenant has stated, and the channels it sells on."""

    day: date
    home_currency: str
    channels: Sequence[Channel]
    terms: Sequence[Term]
    tariffs: Sequence[CargoTariff]

    @property
    def mentioned(self) -> Mentioned:
        """What the conditions of the terms mention."""
        found = Mentions.of(self.terms)
        return Mentioned(found.suppliers, found.brands, found.categories)


@dataclass(frozen=True, slots=True)
class Held:
    """The settings of some sales: their values, and which of them nobody stated."""

    settings: Settings
    stated: frozenset[str]

    @property
    def assumed(self) -> str:
        """Names of the terms of a line that come from the reference."""
        unused = {"cargo", "return_cargo"} if self.settings.carrier else set()
        return ", ".join(sorted(Terms.model_fields.keys() - self.stated - unused - {"vat_rate"}))


def read_stated(pricing: Pricing, day: date) -> Stated:
    """What holds for the tenant's active channels on that day."""
    channels = list_channels(pricing.channels, active=True)
    return Stated(day, pricing.home_currency, channels, stated_terms(pricing), list_tariffs(pricing))


def settings_of(stated: Stated, sale: Sale, currency: str) -> Held:
    """The settings for such sales; TermFault (`term_gap`, `term_overlap`, `term_missing`) when one is wanting.

    The VAT rate is 0 where only the offer itself can say it.
    """
    found = resolve(of_currency(stated.terms, currency, stated.home_currency), sale, stated.day)
    values = {term.name: term.value for term in resolve(reference_terms(currency), Sale(), stated.day).values()}
    values |= {name: term.value for name, term in found.items()}
    missing = sorted(Settings.model_fields.keys() - values.keys() - {"vat_rate"})
    if missing:
        raise TermFault(
            "term_missing", f"nobody has stated {', '.join(missing)} for {sale.channel}, which is in {currency}"
        )
    return Held(Settings.model_validate({"vat_rate": 0, **values}), frozenset(found))


def gather(pricing: Pricing, stated: Stated, combinations: Sequence[Combination]) -> Inputs:
    """What the margins of these combinations need, on every channel."""
    currencies = sorted({currency for each in combinations for currency in each.currencies if currency is not None})
    exchange, tariff, terms = list[Row](), list[Row](), list[Row]()
    for channel in stated.channels:
        exchange += _exchange(pricing, stated, channel, currencies)
        try:
            rows, fault = tariff_rows(stated.tariffs, channel, stated.day), None
        except TermFault as error:
            rows, fault = [], error
        carriers = {carrier_key(row["carrier"]): row["carrier"] for row in rows}
        tariff += rows
        terms += [_spelt(_terms(stated, channel, each, fault), carriers) for each in combinations]
    return Inputs(terms, exchange, tariff)


def _terms(stated: Stated, channel: Channel, each: Combination, tariff_fault: TermFault | None) -> Row:
    row: dict[str, Any] = {
        "channel": channel.slug, "currency": channel.currency, "minor_digits": minor_digits(channel.currency),
        "supplier": each.supplier, "brand": each.brand, "category": each.category,
    }  # fmt: skip
    try:
        held = settings_of(stated, Sale(channel.slug, each.supplier, each.brand, each.category), channel.currency)
        if held.settings.carrier and tariff_fault is not None:
            raise tariff_fault
    except TermFault as fault:
        return row | {"fault": fault.code, "fault_detail": str(fault)}
    return row | _values(held, channel.currency)


def _spelt(row: Row, carriers: Mapping[str, str]) -> Row:
    """The row with its carrier as the tariff writes the name."""
    carrier = row.get("carrier")
    return {**row, "carrier": carriers.get(carrier_key(carrier), carrier)} if carrier else row


def _values(held: Held, currency: str) -> dict[str, Any]:
    """The settings as the warehouse takes them: what an offer itself may say better stands aside."""
    settings = held.settings
    values: dict[str, Any] = {name: getattr(settings, name) for name in (*_OF_A_LINE, *_BESIDE)}
    values["assumed"] = held.assumed
    if "vat_rate" not in held.stated:
        shipped = any(term.name == "vat_rate" for term in reference_terms(currency))
        values |= {"vat_rate": None, "vat_rate_otherwise": settings.vat_rate if shipped else None}
    if settings.carrier and "return_cargo" not in held.stated:
        values["return_cargo"] = None
    return values


def _exchange(
    pricing: Pricing, stated: Stated, channel: Channel, currencies: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """What each currency costs in the channel's; what is in it already is not exchanged."""
    yield {"channel": channel.slug, "currency": channel.currency, "rate": Decimal(1)}
    foreign = [(currency, channel.currency) for currency in currencies if currency != channel.currency]
    if not foreign:
        return
    try:
        settings = settings_of(stated, Sale(channel.slug), channel.currency).settings
    except TermFault as fault:
        yield from ({"channel": channel.slug, "currency": currency, "fault": str(fault)} for currency, _ in foreign)
        return
    found = exchanges(pricing, foreign, stated.day, settings.rate_source, settings.rate_side)
    for pair in foreign:
        rate = found[pair]
        told = (
            {"rate": kept_rate(rate.rate), "bulletin": rate.bulletin} if isinstance(rate, Exchange) else {"fault": rate}
        )
        yield {"channel": channel.slug, "currency": pair[0], **told}


def kept_rate(rate: Decimal) -> Decimal:
    """A rate as the warehouse computes with it: ten digits behind the point."""
    return rate.quantize(Decimal("1e-10"), ROUND_HALF_UP)
