"""What commands share: the house and the tenant they work on, and how results reach a person or a program."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from meschain.access.tables import Tenant as TenantRow
from meschain.access.tenants import list_tenants
from meschain.catalog.context import Catalog
from meschain.pricing.context import Pricing
from meschain.wiring import House

APPLIED, FAILED, HELD = 0, 1, 3
"""Exit codes: done (applied or unchanged), failed, held for a decision."""

_WIDE = None if sys.stdout.isatty() else 160
# Data may hold [brackets] and :words:, which are to be shown as they are.
_plain = partial(Console, highlight=False, markup=False, emoji=False, soft_wrap=True)
out = _plain(width=_WIDE)
err = _plain(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for programs.")]
Tenant = Annotated[str | None, typer.Option(help="Tenant to work on; by default the only one there is.")]


@contextmanager
def opened_house() -> Iterator[House]:
    """The installation, its tables up to date."""
    house = House()
    try:
        house.set_up()
        yield house
    finally:
        house.close()


@contextmanager
def house_of(tenant: str | None) -> Iterator[tuple[House, TenantRow]]:
    """The installation and the named tenant, or the only one."""
    with opened_house() as house:
        yield house, house.tenant(tenant)


@contextmanager
def catalog_of(tenant: str | None, *, create: bool = False) -> Iterator[Catalog]:
    """The tenant's catalog; with `create`, a tenant that is not there is made (`default` when none is named)."""
    with opened_house() as house:
        if create and tenant is None and not list_tenants(house.engine):
            tenant = "default"
        yield house.catalog(house.tenant(tenant, create=create))


@contextmanager
def pricing_of(tenant: str | None) -> Iterator[Pricing]:
    """The tenant's pricing."""
    with house_of(tenant) as (house, owner):
        yield house.pricing(owner)


def show(result: object, as_json: bool, render: Callable[[], object]) -> None:
    """Print `result` as one JSON document, or what `render` gives for a person."""
    if as_json:
        sys.stdout.write(to_json(result) + "\n")
    else:
        out.print(render())


def to_json(value: object) -> str:
    """JSON text; amounts as exact text, times in ISO 8601."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_encoded), indent=2).decode()


def _encoded(value: object) -> object:
    if isinstance(value, Decimal | Path | datetime | date):
        return str(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)


def table(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> Table | str:
    """Rows as a table; numbers stand right."""
    if not rows:
        return f"{title}: nothing to show."
    names = list(columns or rows[0])
    grid = Table(title=title, title_justify="left", header_style="bold", row_styles=["", "dim"])
    for name in names:
        number = all(isinstance(row.get(name), int | float | Decimal | None) for row in rows)
        grid.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row.get(name)) for name in names))
    return grid


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """A row counter on standard error, if that is a terminal."""
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"),
        TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda rows: bar.update(task, completed=rows)
