"""`meschain term`: commissions, fees, taxes and habits, each with its days and its source."""

from datetime import datetime
from typing import Annotated, Any

import typer

from meschain.commands.screen import Json, Tenant, pricing_of, show, table
from meschain.pricing import service
from meschain.pricing.service import NewTerm
from meschain.pricing.tables import PricingTerm
from meschain.pricing.terms import reference_terms
from meschain.store.base import utc_now

app = typer.Typer(no_args_is_help=True, help="Terms: commissions, fees, taxes and habits, with their days and sources.")
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
Term = Annotated[str, typer.Argument(metavar="TERM", help="Its id, as `meschain term list` shows it.")]
COLUMNS = ("name", "value", "for", "since", "until", "source", "id")


@app.command()
def add(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Such as commission_rate; `meschain term reference` lists all.")
    ],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Rates in per cent, amounts in the channel's currency with VAT.")
    ],
    source: Annotated[str, typer.Option(help="The contract, tariff or law that says so.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day on which it holds; by default today.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day on which it does not hold any more.")
    ] = None,
    channel: Annotated[str, typer.Option(help="Only for sales on this channel.")] = "",
    supplier: Annotated[str, typer.Option(help="Only for offers of this supplier.")] = "",
    brand: Annotated[str, typer.Option(help="Only for offers of this brand.")] = "",
    category: Annotated[str, typer.Option(help="Only for offers of this category, or below it.")] = "",
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """State a value. It holds until another one for the same sales begins."""
    with pricing_of(tenant) as pricing:
        stored = service.state_term(
            pricing,
            NewTerm(
                name=name, value=value, source=source, since=since.date() if since else pricing.day_of(utc_now()),
                until=until.date() if until else None, channel=channel, supplier=supplier, brand=brand,
                category=category,
            ),
        )  # fmt: skip
    show(_described(stored), json, lambda: f"{stored.name} is {stored.value} from {stored.since} on.")


@app.command("list")
def list_all(
    name: Annotated[str | None, typer.Option("--name", help="Only values of this term.")] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Every value that was stated."""
    with pricing_of(tenant) as pricing:
        rows = [_described(term) for term in service.list_terms(pricing, name)]
    show(rows, json, lambda: table("Terms", rows, COLUMNS))


@app.command()
def end(
    term: Term,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day on which it does not hold any more.")],
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Let a value hold until the day before."""
    with pricing_of(tenant) as pricing:
        stored = service.end_term(pricing, term, on.date())
    show(_described(stored), json, lambda: f"{stored.name} is {stored.value} until {stored.until}.")


@app.command()
def remove(term: Term, tenant: Tenant = None, json: Json = False) -> None:
    """Take a value back as if it had never been stated."""
    with pricing_of(tenant) as pricing:
        service.remove_term(pricing, term)
    show({"removed": term}, json, lambda: f"Term {term} is removed.")


@app.command()
def reference(json: Json = False) -> None:
    """What holds where nobody has stated anything: the shipped Turkish reference, with its days and sources."""
    rows = [
        {"name": term.name, "value": term.value, "since": str(term.since), "source": term.source}
        for term in reference_terms()
    ]
    show(rows, json, lambda: table("Reference", rows))


def _described(term: PricingTerm) -> dict[str, Any]:
    conditions = [
        f"{name} {getattr(term, name)}" for name in ("channel", "supplier", "brand", "category") if getattr(term, name)
    ]
    return {
        "id": term.id, "name": term.name, "value": term.value, "for": ", ".join(conditions) or "every sale",
        "since": str(term.since), "until": str(term.until) if term.until else None, "source": term.source,
    }  # fmt: skip
