"""The commands that concern the whole installation: sql, doctor, up, demo."""

from typing import Annotated

import typer

from meschain.commands.demo import demo
from meschain.commands.doctor import doctor
from meschain.commands.first_owner import first_owner_address
from meschain.commands.screen import Json, Tenant, catalog_of, err, show, table
from meschain.operations import platform
from meschain.settings import load_settings
from meschain.wiring import House
from warehouse.query import ask


def register(app: typer.Typer) -> None:
    """Put the commands beside the groups."""
    app.command("sql")(query)
    app.command("doctor")(doctor)
    app.command("up")(up)
    app.command("demo")(demo)


def query(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT; the offers are core.offers.")],
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Ask the tenant's lake in SQL, read-only. Time travel: core.offers AT (TIMESTAMP => …)."""
    with catalog_of(tenant) as catalog:
        names, rows = ask(catalog.lake, query)
    result = [dict(zip(names, row, strict=True)) for row in rows]
    show(result, json, lambda: table(f"{len(rows):,} rows", result, names))


def up() -> None:
    """Keep the platform up: the Prefect server with its page, the flow runner, and the API with its console."""
    settings = load_settings()
    house = House(settings)
    house.set_up()
    if address := first_owner_address(house):
        err.print(f"Nobody can log in yet. Open this link to become the first owner; it works once:\n{address}")
    house.close()
    platform.up(settings, err.print)
