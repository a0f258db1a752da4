"""`meschain tenant`: the sellers that share the installation, each with a lake of its own."""

from typing import Annotated, Any

import typer

from meschain.access import links, tenants
from meschain.access.tables import HOME_TIME_ZONE, Tenant
from meschain.audit.rules import OPERATOR
from meschain.commands.screen import Json, opened_house, show, table
from meschain.commands.user import join_address

app = typer.Typer(no_args_is_help=True, help="Tenants: the sellers of the installation, each with its own lake.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")]
Title = Annotated[str | None, typer.Option(help="Name to show.")]
Currency = Annotated[
    str | None, typer.Option(help="ISO 4217 code of prices for which neither row nor feed profile names a currency.")
]
Zone = Annotated[str | None, typer.Option("--time-zone", help="IANA name, such as Europe/Istanbul.")]


@app.command()
def add(
    name: Name, title: Title = None, currency: Currency = None, time_zone: Zone = HOME_TIME_ZONE, json: Json = False
) -> None:
    """Make a tenant."""
    with opened_house() as house:
        made = tenants.create_tenant(
            house.engine, name, name=title or "", default_currency=currency or None,
            time_zone=time_zone or HOME_TIME_ZONE, noted=(house.log, OPERATOR),
        )  # fmt: skip
    hint = f"Tenant {name} is there. Next: meschain catalog import FILE --supplier SUPPLIER --tenant {name}"
    show(_described(made), json, lambda: hint)


@app.command("list")
def list_all(json: Json = False) -> None:
    """Every tenant."""
    with opened_house() as house:
        rows = [_described(tenant) for tenant in tenants.list_tenants(house.engine)]
    show(rows, json, lambda: table("Tenants", rows))


@app.command("set")
def change(
    name: Name, title: Title = None, currency: Currency = None, time_zone: Zone = None, json: Json = False
) -> None:
    """Change what is named and leave the rest; `--currency ""` takes the currency away."""
    if title is None and currency is None and time_zone is None:
        raise typer.BadParameter("Say what to change: --title, --currency or --time-zone.")
    with opened_house() as house:
        changed = tenants.update_tenant(
            house.engine, name, name=title, default_currency=currency, time_zone=time_zone,
            noted=(house.log, OPERATOR),
        )  # fmt: skip
    show(_described(changed), json, lambda: table(f"Tenant {name}", [_described(changed)]))


@app.command("invite-owner")
def invite_owner(name: Name, json: Json = False) -> None:
    """Print a link that makes the first owner of a tenant without members; it works once, for seven days."""
    with opened_house() as house:
        address = join_address(house, links.invite_first_owner(house.access, house.tenant(name).id))
    show(
        {"tenant": name, "link": address},
        json,
        lambda: f"Send this link to the owner of {name}; it works once:\n{address}",
    )


def _described(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant": tenant.slug, "name": tenant.name, "currency": tenant.default_currency,
        "time_zone": tenant.time_zone, "created_at": tenant.created_at,
    }  # fmt: skip
