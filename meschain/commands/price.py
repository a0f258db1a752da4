"""`meschain price`: the rules that make prices, what they would do, what went out, and what the floor refused."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from commerce.errors import Permanent
from connectors.written import read_yaml_file
from meschain.commands.screen import FAILED, HELD, Json, Tenant, pricing_of, show, table
from meschain.pricing import price_rules, prices
from meschain.pricing.tables import PriceRuleSet
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from warehouse import published
from warehouse.price_runs import Outcome

app = typer.Typer(no_args_is_help=True, help="Prices: made by rules, held against the floor, let out.")
Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="Of the price rules.")]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="Where it is sold.")]
Supplier = Annotated[str, typer.Argument(metavar="SUPPLIER", help="Whose offer it is.")]
Sku = Annotated[str, typer.Argument(metavar="SKU", help="The supplier's own code of the offer.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]
_CHANGED = ("channel", "supplier", "supplier_sku", "title", "before", "after", "rule", "net_cash")
_REFUSED = ("channel", "supplier", "supplier_sku", "reason", "detail")


@app.command()
def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON file with a list of rules.")],
    note: Annotated[str, typer.Option(help="What they are for.")] = "",
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Keep the rules of a file as the next version, and show what they would do to the prices."""
    with pricing_of(tenant) as pricing:
        rules = price_rules.draft_rules(pricing, _read(file), note=note)
        outcome = prices.preview_prices(pricing, rules.version)
    show(_described(rules) | _told(outcome), json, lambda: _drawn(outcome, _next(rules.version)))


@app.command()
def preview(version: Version, tenant: Tenant = None, json: Json = False) -> None:
    """What a version of the rules would do to the prices now. Nothing goes out."""
    with pricing_of(tenant) as pricing:
        outcome = prices.preview_prices(pricing, version)
    show(_told(outcome), json, lambda: _drawn(outcome, _next(version)))


@app.command()
def activate(version: Version, tenant: Tenant = None, json: Json = False) -> None:
    """Approve a version of the rules that was previewed: prices are made by it from now on."""
    with pricing_of(tenant) as pricing:
        rules = price_rules.approve_rules(pricing, version)
    show(_described(rules), json, lambda: f"Prices are made by version {version} now. Next: meschain price refresh")


@app.command()
def rules(tenant: Tenant = None, json: Json = False) -> None:
    """Every version of the price rules, the newest first."""
    with pricing_of(tenant) as pricing:
        rows = [_described(each) for each in price_rules.list_rules(pricing)]
    show(rows, json, lambda: table("Price rules", rows, ("version", "status", "names", "note", "created_at")))


@app.command()
def refresh(tenant: Tenant = None, json: Json = False) -> None:
    """Make every price anew by the active rules and let out what changed and keeps its floor."""
    with pricing_of(tenant) as pricing:
        outcome = prices.refresh_prices(pricing, new_id())
    show(_told(outcome), json, lambda: _drawn(outcome, ""))
    if any(row["outcome"] == "below_floor" for row in outcome.counts):
        raise typer.Exit(HELD)


@app.command("list")
def list_all(limit: Limit = 20, tenant: Tenant = None, json: Json = False) -> None:
    """The prices that are out."""
    with pricing_of(tenant) as pricing, pricing.lake.read() as connection:
        rows = published.prices(connection, limit)
    columns = ("channel", "supplier", "supplier_sku", "title", "currency", "price", "net_cash", "rule", "approval_id")
    show(rows, json, lambda: table("Prices", rows, columns))


@app.command()
def refused(limit: Limit = 20, tenant: Tenant = None, json: Json = False) -> None:
    """The prices that were refused, and why."""
    with pricing_of(tenant) as pricing, pricing.lake.read() as connection:
        rows = published.refusals(connection, limit)
    show(rows, json, lambda: table("Refused prices", rows, _REFUSED))


@app.command()
def approve(
    channel: Channel, supplier: Supplier, sku: Sku,
    note: Annotated[str, typer.Option(help="Why it may be sold below its floor.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day that it holds; else a week from today.")
    ] = None,
    tenant: Tenant = None, json: Json = False,
) -> None:  # fmt: skip
    """Allow a price that the floor refused; it goes out with the next refresh."""
    with pricing_of(tenant) as pricing:
        day = until.date() if until else pricing.day_of(utc_now()) + timedelta(days=7)
        given = prices.approve_price(pricing, channel, supplier, sku, note=note, valid_until=day)
    told = {"id": given.id, "price": given.price, "currency": given.currency, "valid_until": str(given.valid_until)}
    show(told, json, lambda: f"{given.price} {given.currency} may go out until {given.valid_until}.")


@app.command()
def history(
    channel: Channel, supplier: Supplier, sku: Sku, limit: Limit = 20, tenant: Tenant = None, json: Json = False
) -> None:  # fmt: skip
    """What happened to the price of an offer on a channel, and why."""
    with pricing_of(tenant) as pricing, pricing.lake.read() as connection:
        rows = published.history(connection, channel, supplier, sku, limit)
    columns = ("changed_at", "before", "after", "cause", "rule", "rules_version", "net_cash", "approval_id", "bulletin")
    show(rows, json, lambda: table("History", rows, columns))
    if not rows:
        raise typer.Exit(FAILED)


def _read(file: Path) -> list[dict[str, Any]]:
    rules = read_yaml_file(file)
    if not isinstance(rules, list):
        raise Permanent(f"{file} holds no list of rules")
    return rules


def _described(rules: PriceRuleSet) -> dict[str, Any]:
    return {
        "version": rules.version, "status": rules.status, "names": ", ".join(rule["name"] for rule in rules.rules),
        "note": rules.note, "created_at": rules.created_at, "approved_at": rules.approved_at,
    }  # fmt: skip


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"counts": outcome.counts, "examples": outcome.examples, "refusals": outcome.refusals}


def _next(version: int) -> str:
    return f"Nothing has gone out. To make prices by these rules: meschain price activate {version}"


def _drawn(outcome: Outcome, last: str) -> Group:
    examples = [row for row in outcome.examples if row["outcome"] != "refused"]
    return Group(
        table("Prices by channel", outcome.counts), "", table("The largest moves", examples, _CHANGED), "",
        table("Refused", outcome.refusals, _REFUSED), "", last,
    )  # fmt: skip
