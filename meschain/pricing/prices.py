"""Use cases: prices are made by rules and let out, or looked at beforehand; one below its floor is approved."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from commerce.errors import Refused
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Tag
from meschain.pricing.context import Pricing, pricing_lock
from meschain.pricing.price_rules import get_rules, keep_preview
from meschain.pricing.reckoning import Stated, gather, read_stated
from meschain.pricing.resolution import Mentions
from meschain.pricing.rules import Place, Rule, cells, parse_rules
from meschain.pricing.tables import PriceApproval, PriceRuleSet
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction
from warehouse import price_runs, published
from warehouse.margin_lines import Combination, Mentioned, Row
from warehouse.price_runs import Outcome, PriceRun


def refresh_prices(pricing: Pricing, run_id: str) -> Outcome:
    """Make every price anew by the active rules and let out what changed and keeps its floor.

    NotFound when no rules are active, Busy while somebody else computes the tenant's prices.
    """

    def read() -> PriceRun:
        return _run(pricing, get_rules(pricing), pricing.day_of(utc_now()))

    with pricing.exclusive(pricing_lock(pricing.tenant), f"prices {run_id}"), pricing.lake.connect() as connection:
        return price_runs.publish(pricing.lake, connection, read, run_id)


def preview_prices(pricing: Pricing, version: int) -> Outcome:
    """What that version of the rules would do to the prices, kept with it for whoever approves it. Nothing goes out."""
    now = utc_now()
    rules = get_rules(pricing, version)
    with pricing.lake.connect() as connection:
        outcome = price_runs.preview(connection, _run(pricing, rules, pricing.day_of(now)))
    keep_preview(pricing, version, {"at": now.isoformat(), **_told(outcome)})
    return outcome


def approve_price(
    pricing: Pricing,
    channel: str,
    supplier: str,
    supplier_sku: str,
    *,
    note: str,
    valid_until: date,
    price: Decimal | None = None,
) -> PriceApproval:
    """Allow the price that the floor refused, down to it and to what it earns, until that day.

    It goes out with the next refresh.

    NotFound when no price of the offer is refused there; ChangedMeanwhile when it is not the `price` that was looked
    at; Refused without a reason, or for a day that is over.
    """
    today = pricing.day_of(utc_now())
    if not note.strip():
        raise Refused("an approval needs its reason: why may this be sold below its floor?")
    if valid_until < today:
        raise Refused(f"an approval until {valid_until} would be over today, {today}")
    with pricing.lake.read() as connection:
        refused = published.refusal_of(connection, channel, supplier, supplier_sku)
    if refused is None or refused["reason"] != "below_floor":
        raise NotFound(f"no price of {supplier} {supplier_sku} is refused by the floor on {channel}")
    if price is not None and refused["price"] != price:
        raise ChangedMeanwhile(f"the refused price is {refused['price']} by now; look at it and try again")
    stored = PriceApproval(
        channel=channel, supplier=supplier, supplier_sku=supplier_sku, price=str(refused["price"]),
        net_cash=str(refused["net_cash"]), currency=refused["currency"], note=note, valid_until=valid_until,
        approved_by=str(pricing.actor),
    )  # fmt: skip
    told = {name: str(refused[name]) for name in ("price", "floor_price", "net_cash", "least_profit", "currency")}
    with transaction(pricing.engine) as session:
        session.add(stored)
        pricing.record(
            session, Tag.PRICE_APPROVED, f"price of {supplier} {supplier_sku} on {channel}",
            after=told | {"note": note, "valid_until": str(valid_until)},
        )  # fmt: skip
    return stored


def list_approvals(
    pricing: Pricing,
    *,
    day: date | None = None,
    scopes: Scopes | None = None,
    before: str | None = None,
    limit: int | None = None,
) -> list[PriceApproval]:
    """The approvals of prices below the floor, the newest first, beginning before one.

    Those that hold on that day, if one is named; with scopes, those of channels that may be seen.
    """
    query = select(PriceApproval).where(PriceApproval.tenant_id == pricing.tenant_id)
    query = query.where(visible(PriceApproval.channel, scopes))
    query = query.where(PriceApproval.valid_until >= day) if day is not None else query
    query = query.where(PriceApproval.id < before) if before is not None else query
    with reading(pricing.engine) as session:
        return list(session.scalars(query.order_by(PriceApproval.id.desc()).limit(limit)))


def _run(pricing: Pricing, rules: PriceRuleSet, day: date) -> PriceRun:
    stated, parsed = read_stated(pricing, day), parse_rules(rules.rules)
    return PriceRun(
        mentioned=_mentioned(stated, parsed),
        resolve=lambda found: gather(pricing, stated, found),
        rules=lambda found: _rule_rows(stated, parsed, found),
        rules_version=rules.version,
        approvals=[_approval(each) for each in list_approvals(pricing, day=day)],
        day=day,
    )


def _mentioned(stated: Stated, rules: Sequence[Rule]) -> Mentioned:
    """What terms and rules mention together."""
    known = Mentions.of(stated.terms)
    return Mentioned(
        sorted({*known.suppliers, *(each for rule in rules for each in rule.when.suppliers)}),
        sorted({*known.brands, *(each for rule in rules for each in rule.when.brands)}),
        sorted({*known.categories, *(each for rule in rules for each in rule.when.categories)}),
    )


def _rule_rows(stated: Stated, rules: Sequence[Rule], combinations: Sequence[Combination]) -> list[Row]:
    rows: list[Row] = []
    for channel in stated.channels:
        for each in combinations:
            place = Place(channel.slug, each.supplier, each.brand, each.category)
            rows += [
                {**place._asdict(), **cell._asdict(), **_said(rules[cell.number], cell.number)}
                for cell in cells(rules, place)
            ]
    return rows


def _said(rule: Rule, number: int) -> dict[str, Any]:
    """A rule as the warehouse takes it."""
    price = rule.price
    return {
        "rule_number": number, "rule": rule.name, "price_kind": price.kind,
        "price_rate": getattr(price, "rate", Decimal(0)), "price_amount": getattr(price, "amount", Decimal(0)),
        "least_profit": rule.floor.profit, "least_margin_rate": rule.floor.margin_rate,
        "advertised_rate": rule.advertised_rate, "step": rule.rounding.step, "ending": rule.rounding.ending,
        "largest_step_rate": rule.largest_step_rate,
    }  # fmt: skip


def _approval(stored: PriceApproval) -> Row:
    names = ("id", "channel", "supplier", "supplier_sku")
    amounts = {"price": Decimal(stored.price), "net_cash": Decimal(stored.net_cash)}
    return {name: getattr(stored, name) for name in names} | amounts | {"valid_until": str(stored.valid_until)}


def _told(outcome: Outcome) -> dict[str, Any]:
    """The outcome in JSON values, amounts as text."""
    return {
        part: [
            {name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows
        ]
        for part, rows in asdict(outcome).items()
    }
