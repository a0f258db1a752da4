"""The second half of the demonstration: two made-up channels, what they cost, and what every offer would earn there.

Terms, tariff and rates are made up and say so; margins, rules, the floor and the what-if are the real ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from commerce.errors import Permanent
from connectors.fx.bulletin import Bulletin, Rate
from connectors.tariffs.tariff import TariffRate
from meschain.channels.service import add_channel, list_channels
from meschain.pricing.context import Pricing
from meschain.pricing.margins import list_losers
from meschain.pricing.price_rules import approve_rules, draft_rules, list_rules
from meschain.pricing.rates import keep_bulletin
from meschain.pricing.scenarios import ask_scenario, get_scenario
from meschain.pricing.service import NewTerm, state_term
from meschain.pricing.tariffs import add_tariff
from meschain.runs import service as triggers
from meschain.store.base import utc_now
from warehouse import published

_MADE_UP = "made up for the demonstration"
_LONG_AGO = date(2025, 1, 1)
_PATIENCE_SECONDS = 600.0
_CHANNELS = {"pazaryeri": "Pazaryeri", "magaza": "Kendi mağazam"}
_TERMS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("commission_rate", "14", {"channel": "pazaryeri"}),
    ("commission_rate", "21", {"channel": "pazaryeri", "category": "Giyim"}),
    ("carrier", "Örnek Kargo", {"channel": "pazaryeri"}), ("return_rate", "6", {"channel": "pazaryeri"}),
    ("commission_rate", "2.5", {"channel": "magaza"}), ("service_fee", "0", {"channel": "magaza"}),
    ("withholding_rate", "0", {"channel": "magaza"}), ("cargo_payer", "buyer", {"channel": "magaza"}),
)  # fmt: skip
_RATES = {"EUR": ("48.5241", "48.6116"), "USD": ("41.7002", "41.7754")}
_BANDS = ((0, 150, "39.90"), (150, 300, "68.90"))
"""Cheap parcels of up to five desi travel for less."""
_RULES: list[dict[str, Any]] = [
    {"name": "cosmetics as proposed", "when": {"categories": ["Kozmetik"]}, "price": {"kind": "list_price"}},
    {"name": "twelve per cent", "price": {"kind": "margin", "rate": 12}, "rounding": {"step": 1, "ending": "0.90"}},
]
_WHAT_IF = [
    {"kind": "term", "name": "commission_rate", "add": "2", "channel": "pazaryeri"},
    {"kind": "rate", "currency": "EUR", "change_rate": "10"},
]


@dataclass(frozen=True, slots=True)
class Priced:
    """What there is to show of margins and prices."""

    channels: list[dict[str, Any]]
    wanting: dict[str, int]
    """How many lines could not be computed, by reason."""
    losers: list[dict[str, Any]]
    what_if: list[dict[str, Any]]
    outcomes: dict[str, int]
    """What became of the prices, by outcome."""
    refused: dict[str, Any] | None
    """One price that the floor refused."""


def show_prices(pricing: Pricing, tell: Callable[[str], None]) -> Priced:
    """Open the channels unless they are there, have prices made by rules and margins computed, and ask one what-if."""
    if not list_channels(pricing.channels):
        tell("Two channels, their fees, a cargo tariff and a bulletin of rates, all made up")
        _open(pricing)
    _keep_rates(pricing)
    if not list_rules(pricing):
        tell("Price rules are drafted, previewed and approved")
        version = draft_rules(pricing, _RULES, note=_MADE_UP).version
        _run(pricing, "preview-prices", {"version": version})
        approve_rules(pricing, version)
    tell("Prices are made by the rules and held against the floor")
    outcomes = _counts(_run(pricing, "refresh-prices", {}))
    tell("Margins of every offer on every channel")
    computed = _counts(_run(pricing, "compute-margins", {}))
    tell("What if: two points more commission, and a euro that costs 10 % more")
    scenario = ask_scenario(pricing, "dearer", _WHAT_IF)
    _run(pricing, "compute-scenario", {"scenario": scenario.id})
    with pricing.lake.connect(read_only=True) as connection:
        refused = published.refusals(connection, 1, reason="below_floor")
        channels = published.margins_by_channel(connection)
    wanting = {reason: number for reason, number in computed.items() if reason not in {"computed", "losing"}}
    what_if = get_scenario(pricing, scenario.id).result["channels"]
    return Priced(channels, wanting, list_losers(pricing, 5), what_if, outcomes, refused[0] if refused else None)


def _open(pricing: Pricing) -> None:
    for slug, name in _CHANNELS.items():
        add_channel(pricing.channels, slug, name=name, currency="TRY")
    for term, value, conditions in _TERMS:
        state_term(pricing, NewTerm(name=term, value=value, since=_LONG_AGO, source=_MADE_UP, **conditions))
    add_tariff(pricing, _tariff(), since=_LONG_AGO, source=_MADE_UP)


def _tariff() -> list[TariffRate]:
    """One carrier: 75 and 8.50 for each desi; the lightest parcels cheaper when what is in them is."""
    rates = []
    for desi in range(1, 51):
        full = Decimal("75.00") + desi * Decimal("8.50")
        bands = _BANDS if desi <= 5 else ()
        rates += [TariffRate("Örnek Kargo", desi, Decimal(low), Decimal(high), Decimal(a)) for low, high, a in bands]
        begin = Decimal(bands[-1][1]) if bands else Decimal(0)
        rates.append(TariffRate("Örnek Kargo", desi, begin, None, full))
    return rates


def _keep_rates(pricing: Pricing) -> None:
    """A bulletin of today, so that costs in euros and dollars can be brought to the channels' currency."""
    rates = tuple(Rate(base, "TRY", Decimal(buying), Decimal(selling)) for base, (buying, selling) in _RATES.items())
    keep_bulletin(pricing, Bulletin("tcmb", _MADE_UP, pricing.day_of(utc_now()), rates))


def _run(pricing: Pricing, flow: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Have the flow runner do it; gives what it came to. Permanent when it failed."""
    asked = triggers.trigger(
        pricing.engine, flow, {"tenant": pricing.tenant, **parameters}, log=pricing.log, actor=pricing.actor
    )
    ended = triggers.wait(pricing.engine, asked.id, seconds=_PATIENCE_SECONDS, tell=lambda _: None)
    if ended.state != "finished":
        raise Permanent(f"The flow {flow} ended as {ended.state}: {ended.message or 'see the log of the flow runner'}.")
    return ended.outcome


def _counts(outcome: Mapping[str, Any]) -> dict[str, int]:
    """How many lines came to what, over all channels."""
    found: dict[str, int] = {}
    for tenant in outcome["tenants"]:
        for row in tenant["counts"]:
            found[row["outcome"]] = found.get(row["outcome"], 0) + int(row.get("lines") or row.get("offers") or 0)
    return found
