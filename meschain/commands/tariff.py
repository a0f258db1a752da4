"""`meschain tariff`: what carriers ask for a parcel, read from their price lists."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commerce.errors import Permanent, Refused
from connectors.tariffs.reading import read_tariff
from meschain.commands.screen import Json, Tenant, pricing_of, show, table
from meschain.pricing import tariffs
from meschain.pricing.tables import CargoTariff

app = typer.Typer(
    no_args_is_help=True, help="Cargo tariffs: what carriers ask, by desi and by the price of the parcel."
)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV (carrier, desi, price_from, price_below, amount) or JSON.")
    ],
    source: Annotated[str, typer.Option(help="The contract or price list that says so.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day on which it holds; by default the file's own."),
    ] = None,
    channel: Annotated[str, typer.Option(help="Only for this channel.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the amounts.")] = "TRY",
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Let the tariff of a file hold, until another follows."""
    try:
        tariff = read_tariff(file.read_bytes(), file.name)
    except OSError as error:
        raise Permanent(f"{file} cannot be read: {error.strerror}") from None
    day = since.date() if since else tariff.day
    if day is None:
        raise Refused(f"{file.name} does not say since when it holds; give --since")
    with pricing_of(tenant) as pricing:
        stored = tariffs.add_tariff(
            pricing, tariff.rates, since=day, source=source, channel=channel, currency=currency
        )  # fmt: skip
    show(_described(stored), json, lambda: f"The tariff of {file.name} holds from {stored.since} on.")


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """Every tariff: where and since when it holds, and for which carriers."""
    with pricing_of(tenant) as pricing:
        rows = [_described(tariff) for tariff in tariffs.list_tariffs(pricing)]
    show(rows, json, lambda: table("Tariffs", rows))


@app.command()
def remove(
    tariff: Annotated[str, typer.Argument(metavar="TARIFF", help="Its id, as `meschain tariff list` shows it.")],
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Take a tariff back as if it had never been."""
    with pricing_of(tenant) as pricing:
        tariffs.remove_tariff(pricing, tariff)
    show({"removed": tariff}, json, lambda: f"Tariff {tariff} is removed.")


def _described(tariff: CargoTariff) -> dict[str, Any]:
    carriers = sorted({rate["carrier"] for rate in tariff.rates})
    return {
        "id": tariff.id, "channel": tariff.channel or "every channel", "currency": tariff.currency,
        "since": str(tariff.since), "until": str(tariff.until) if tariff.until else None, "source": tariff.source,
        "carriers": ", ".join(carriers), "heaviest": max(rate["desi"] for rate in tariff.rates),
    }  # fmt: skip
