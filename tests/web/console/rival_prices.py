"""What each of two rival tenants has of prices: a channel, a fee, a tariff, rules, prices, one approved, a what-if."""

from datetime import date, timedelta
from decimal import Decimal

from connectors.tariffs.tariff import TariffRate
from meschain.channels.service import add_channel, find_channel
from meschain.pricing.margins import compute_margins
from meschain.pricing.price_rules import approve_rules, draft_rules
from meschain.pricing.prices import approve_price, preview_prices, refresh_prices
from meschain.pricing.scenarios import ask_scenario, compute_scenario
from meschain.pricing.service import NewTerm, state_term
from meschain.pricing.tariffs import add_tariff
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.wiring import House

_ALWAYS = date(2024, 1, 1)


def add_prices(house: House, mark: str, tenant: str) -> None:
    """Give the tenant something of everything that offers can have of prices; what is cheap falls below the floor."""
    pricing = house.pricing(house.tenant(tenant))
    channel, source = f"{mark}-shop", f"{mark} contract"
    if find_channel(pricing.channels, channel) is None:
        add_channel(pricing.channels, channel, name=f"{mark} channel", currency="TRY")
    state_term(pricing, NewTerm(name="commission_rate", value="5", since=_ALWAYS, source=source, channel=channel))
    rates = [TariffRate(f"{mark} cargo", 30, Decimal(0), None, Decimal(50))]
    add_tariff(pricing, rates, since=_ALWAYS, source=source, channel=channel)
    rules = [
        {"name": f"{mark} dear", "when": {"cost_from": 20}, "price": {"kind": "profit", "amount": 10}},
        {"name": f"{mark} cheap", "price": {"kind": "markup", "rate": -50}},
    ]
    version = draft_rules(pricing, rules, note=f"{mark} note").version
    preview_prices(pricing, version)
    approve_rules(pricing, version)
    refresh_prices(pricing, new_id())
    compute_margins(pricing, new_id())
    until = pricing.day_of(utc_now()) + timedelta(days=7)
    approve_price(pricing, channel, f"{mark}-toys", f"{mark}-1", note=f"{mark} clearance", valid_until=until)
    asked = ask_scenario(pricing, f"{mark} what if", [{"kind": "term", "name": "commission_rate", "add": "2"}])
    compute_scenario(pricing, asked.id)
