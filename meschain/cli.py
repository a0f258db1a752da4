"""The `meschain` command: puts the groups of commands together and turns errors into messages and exit codes."""

import logging
import sys
import traceback

import typer

from commerce.errors import MesChainError
from meschain.commands import (
    audit,
    backup,
    catalog,
    channel,
    key,
    margin,
    margins,
    platform,
    price,
    privacy,
    rate,
    role,
    supplier,
    tariff,
    tenant,
    term,
    user,
)
from meschain.commands.screen import FAILED, err
from meschain.settings import load_settings, private_dir
from meschain.store.base import utc_now

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The back office of a marketplace seller.",
)
app.add_typer(catalog.app, name="catalog")
app.add_typer(supplier.app, name="supplier")
app.add_typer(channel.app, name="channel")
app.add_typer(tenant.app, name="tenant")
app.add_typer(user.app, name="user")
app.add_typer(role.app, name="role")
app.add_typer(key.app, name="key")
app.add_typer(term.app, name="term")
app.add_typer(tariff.app, name="tariff")
app.add_typer(margin.app, name="margin")
app.add_typer(price.app, name="price")
app.add_typer(rate.app, name="rate")
app.add_typer(audit.app, name="audit")
app.add_typer(privacy.app, name="privacy")
platform.register(app)
backup.register(app)
margins.register(margin.app)
backup.register_tenant(tenant.app)
backup.register_key(key.app)


def main() -> None:
    """Run the command line. Errors go to standard error in one sentence, never with a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app(prog_name="meschain")
    except KeyboardInterrupt:
        err.print("Stopped.")
        sys.exit(130)
    except MesChainError as error:
        err.print(f"Error: {error}", style="red")
    except Exception as error:  # noqa: BLE001 - the edge of the program: whatever it is, a person reads one sentence
        err.print(f"Error: something unforeseen happened ({type(error).__name__}: {error}). {_recorded()}")
    sys.exit(FAILED)


def _recorded() -> str:
    """Write the traceback to a file below home and say where."""
    try:
        path = private_dir(load_settings().home / "errors") / f"{utc_now():%Y%m%dT%H%M%S}.txt"
        path.write_text(traceback.format_exc(), encoding="utf-8")
    except (OSError, MesChainError):
        return "The details could not be written."
    return f"The details are in {path}."
