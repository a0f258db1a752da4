"""`meschain channel`: where a tenant sells."""

from typing import Annotated, Any

import typer

from commerce.errors import Permanent
from meschain.channels import service
from meschain.channels.tables import Channel
from meschain.commands.screen import Json, Tenant, channels_of, show, table

app = typer.Typer(no_args_is_help=True, help="Channels: where the tenant sells, and in which currency.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")]
_COLUMNS = ("channel", "name", "currency", "active")


@app.command()
def add(
    name: Name,
    currency: Annotated[str, typer.Option(help="Currency of the prices there, such as TRY; it never changes.")],
    title: Annotated[str, typer.Option(help="Name to show.")] = "",
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Make a channel."""
    with channels_of(tenant, create=True) as channels:
        made = _described(service.add_channel(channels, name, name=title, currency=currency))
    show(made, json, lambda: f"Channel {name} is there; its prices are in {made['currency']}.")


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """Every channel of the tenant."""
    with channels_of(tenant) as channels:
        rows = [_described(channel) for channel in service.list_channels(channels)]
    show(rows, json, lambda: table("Channels", rows, _COLUMNS))


@app.command("show")
def show_one(name: Name, tenant: Tenant = None, json: Json = False) -> None:
    """A channel."""
    with channels_of(tenant) as channels:
        _show_one(_described(service.get_channel(channels, name)), json)


@app.command()
def change(
    name: Name,
    title: Annotated[str | None, typer.Option(help="Name to show; empty: the name in commands.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether the tenant sells there at present.")
    ] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Change a channel's name to show, or whether it is sold there. The currency stays."""
    wanted: service.Change = {}
    if title is not None:
        wanted["name"] = title
    if active is not None:
        wanted["active"] = active
    if not wanted:
        raise Permanent("Say what to change: --title, --active or --inactive.")
    with channels_of(tenant) as channels:
        service.get_channel(channels, name)
        _show_one(_described(service.change_channel(channels, name, wanted)), json)


def _described(channel: Channel) -> dict[str, Any]:
    return {
        "channel": channel.slug, "name": channel.name, "currency": channel.currency, "active": channel.active,
        "created_at": channel.created_at,
    }  # fmt: skip


def _show_one(described: dict[str, Any], json: bool) -> None:
    rows = [{"": key, " ": str(value)} for key, value in described.items()]
    show(described, json, lambda: table(str(described["channel"]), rows))
