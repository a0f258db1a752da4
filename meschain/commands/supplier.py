"""`meschain supplier`: the sources of offers."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.text import Text

from commerce.errors import Permanent, Refused
from meschain.catalog import runs, suppliers
from meschain.catalog.report import summary
from meschain.catalog.tables import Supplier
from meschain.commands.catalog import read_profile
from meschain.commands.screen import Json, Tenant, catalog_of, show, table

app = typer.Typer(no_args_is_help=True, help="Suppliers: where their feeds come from and how they are read.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")]


@app.command()
def add(
    name: Name,
    url: Annotated[list[str] | None, typer.Option(help="Address of the feed; several together are one feed.")] = None,
    file: Annotated[list[Path] | None, typer.Option(help="File, folder or pattern where the feed lies.")] = None,
    username: Annotated[str, typer.Option(help="User for basic authentication.")] = "",
    password: Annotated[str, typer.Option(help="Password; asked for when a user is named without one.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="Header line with a key, as Name: value.")] = None,
    query: Annotated[list[str] | None, typer.Option(help="Query parameter with a key, as name=value.")] = None,
    every: Annotated[int | None, typer.Option(min=1, help="Minutes between syncs.")] = None,
    profile: Annotated[Path | None, typer.Option(help="YAML or JSON file with its feed profile.")] = None,
    title: Annotated[str, typer.Option(help="Name to show.")] = "",
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Make a supplier. Secrets are stored encrypted."""
    if username and not password:
        password = typer.prompt("Password", hide_input=True)
    source = _source(url, file, username, password, _pairs(header, ":"), _pairs(query, "="))
    with catalog_of(tenant, create=True) as catalog:
        made = suppliers.add_supplier(catalog, name, name=title, source=source, every_minutes=every)
        if profile is not None:
            suppliers.save_profile(catalog, made, read_profile(profile), "declared")
    show(_described(made), json, lambda: f"Supplier {made.slug} is there. Next: meschain catalog sync {made.slug}")


@app.command("list")
def list_all(tenant: Tenant = None, json: Json = False) -> None:
    """Every supplier of the tenant."""
    with catalog_of(tenant) as catalog:
        rows = [_described(supplier) for supplier in suppliers.list_suppliers(catalog)]
    show(rows, json, lambda: table("Suppliers", rows, ("supplier", "name", "kind", "every_minutes", "active")))


@app.command("show")
def show_one(name: Name, tenant: Tenant = None, json: Json = False) -> None:
    """A supplier: its source without secrets, its profile, its last runs."""
    with catalog_of(tenant) as catalog:
        supplier = suppliers.get_supplier(catalog, name)
        current = suppliers.current_profile(catalog, supplier)
        last = [summary(run, catalog.tenant, name) for run, _ in runs.list_runs(catalog, supplier, limit=5)]
    profile = {"version": current[0].version, "origin": current[0].origin, **current[0].body} if current else None
    result = {**_described(supplier), "source": supplier.source, "profile": profile, "runs": last}
    show(result, json, lambda: table(f"{name}", [{"": key, " ": str(value)} for key, value in result.items()]))


@app.command("profile")
def show_profile(
    name: Name,
    declared: Annotated[
        Path | None, typer.Option("--set", metavar="FILE", help="YAML or JSON file with its profile from now on.")
    ] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """How the supplier's feed is read, as YAML that can be edited and given back with --set."""
    with catalog_of(tenant) as catalog:
        supplier = suppliers.get_supplier(catalog, name)
        if declared is not None:
            suppliers.save_profile(catalog, supplier, read_profile(declared), "declared")
        current = suppliers.current_profile(catalog, supplier)
    if current is None:
        raise Refused(
            f"{name} has no profile yet: declare one with `meschain supplier profile {name} --set FILE`, "
            f"or have one proposed with `meschain catalog preview FILE --save --supplier {name}`."
        )
    stored = current[0]
    result = {"supplier": name, "version": stored.version, "origin": stored.origin, "profile": stored.body}
    written = yaml.safe_dump(stored.body, allow_unicode=True, sort_keys=False)
    show(result, json, lambda: Text(f"# {name}, version {stored.version}, {stored.origin}\n{written}"))


def _described(supplier: Supplier) -> dict[str, Any]:
    return {
        "supplier": supplier.slug, "name": supplier.name, "kind": supplier.source.get("kind"),
        "every_minutes": supplier.every_minutes, "active": supplier.active, "created_at": supplier.created_at,
    }  # fmt: skip


def _source(
    urls: list[str] | None,
    files: list[Path] | None,
    username: str,
    password: str,
    headers: dict[str, str],
    query: dict[str, str],
) -> dict[str, Any]:
    if urls and files:
        raise Permanent("A feed comes from addresses (--url) or from files (--file), not from both.")
    if files:
        return {"kind": "file", "paths": [str(path if path.is_absolute() else Path.cwd() / path) for path in files]}
    if not urls:
        return {}
    options = {"username": username, "password": password, "headers": headers, "query": query}
    return {"kind": "http", "urls": urls, **{name: value for name, value in options.items() if value}}


def _pairs(texts: list[str] | None, mark: str) -> dict[str, str]:
    """Options of the form `name<mark>value` as a mapping."""
    pairs = [text.partition(mark) for text in texts or []]
    if wrong := [text for text, found, _ in pairs if not found]:
        raise Permanent(f"{wrong[0]!r} is not of the form name{mark}value.")
    return {name.strip(): value.strip() for name, _, value in pairs}
