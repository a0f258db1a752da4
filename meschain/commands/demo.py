"""`meschain demo`: the made-up suppliers, live progress, and one page at the end."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from meschain.catalog.report import COUNTS
from meschain.commands.screen import Json, err, out, table, to_json
from meschain.sandbox.demo import Demonstration, Round, demonstrate
from meschain.sandbox.prices import Priced
from meschain.settings import load_settings
from warehouse.statements import text

_STYLES = {
    "applied": "green",
    "unchanged": "cyan",
    "held": "yellow",
    "failed": "red",
    "running": "bold",
    "waiting": "dim",
}
_SHOWN = COUNTS[:7]
_QUESTIONS = ("offers", "products", "prices")
_CHANNELS = ("channel", "currency", "offers", "losing", "sale", "cost", "net_cash", "net_economic", "median_margin")
_LOSERS = ("channel", "supplier", "supplier_sku", "title", "sale", "cost", "commission", "cargo", "net_cash")
_WHAT_IF = ("channel", "offers", "before", "after", "difference", "losing_before", "losing_after")


def demo(
    feeds: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Your own feeds: a file or folder per supplier.")
    ] = None,
    json: Json = False,
) -> None:
    """Watch supplier catalogs come in through the flows, change, and come in again."""
    settings = load_settings()
    screen = _Screen()
    with screen:
        result = demonstrate(settings, screen.watch, screen.tell, feeds)
    if json:
        told = {"tenant": result.tenant, "rounds": [vars_of(each) for each in result.rounds]}
        out.print(to_json(told | ({"prices": asdict(result.priced)} if result.priced else {})))
    else:
        out.print(_page(result))


def vars_of(each: Round) -> dict[str, Any]:
    """A round as JSON."""
    return {"name": each.name, "seconds": round(each.seconds, 1), "suppliers": each.rows}


class _Screen:
    """Live progress on a terminal; a line whenever something ends elsewhere."""

    def __init__(self) -> None:
        self._live = Live(console=err, refresh_per_second=4, transient=True) if err.is_terminal else None
        self._said: set[tuple[str, str, str]] = set()

    def __enter__(self) -> None:
        if self._live:
            self._live.start()

    def __exit__(self, *failure: object) -> None:
        if self._live:
            self._live.stop()

    def tell(self, sentence: str) -> None:
        err.print(sentence)

    def watch(self, name: str, rows: list[dict[str, Any]]) -> None:
        if self._live:
            self._live.update(_table(name, rows))
        for row in rows:
            ended = (name, row["supplier"], row["status"])
            if row["status"] not in ("waiting", "running") and ended not in self._said:
                self._said.add(ended)
                err.print(f"  {name}: {row['supplier']} {row['status']}, {row['read']:,} read")


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    grid = Table(title=title, title_justify="left", header_style="bold")
    grid.add_column("supplier")
    grid.add_column("result")
    for name in (*_SHOWN, "s", "rows/s", "peak MB"):
        grid.add_column(name, justify="right")
    for row in rows:
        seconds = row["seconds"] or 0.0
        speed = f"{row['read'] / seconds:,.0f}" if seconds and row["read"] else ""
        status = Text(row["status"], _STYLES.get(row["status"], "red"))
        grid.add_row(
            row["supplier"], status, *(f"{row[name]:,}" for name in _SHOWN),
            f"{seconds:.1f}" if seconds else "", speed, f"{row['peak_mb']:,.0f}" if row["peak_mb"] else "",
        )  # fmt: skip
    return grid


def _prices(priced: Priced) -> list[Any]:
    """Margins by channel, the losers, a what-if, and a price that the floor refused."""
    wanting = ", ".join(f"{number:,} {reason}" for reason, number in priced.wanting.items())
    outcomes = ", ".join(f"{number:,} {outcome}" for outcome, number in priced.outcomes.items())
    parts: list[Any] = [
        table("What every offer earns, by channel", priced.channels, _CHANNELS),
        f"  could not be computed, each with its reason in core.margin_refusals: {wanting or 'none'}", "",
        table("The losers", priced.losers, _LOSERS), "",
        table("What if commission rises by 2 points and the euro by 10 %", priced.what_if, _WHAT_IF), "",
        f"Prices by rules: {outcomes}",
    ]  # fmt: skip
    if priced.refused:
        row = priced.refused
        parts.append(
            f"  refused by the floor: {row['supplier']} {row['supplier_sku']} on {row['channel']}: {row['detail']}"
        )
    return [*parts, ""]


def _page(result: Demonstration) -> Group:
    parts: list[Any] = []
    for each in result.rounds:
        read = sum(row["read"] for row in each.rows)
        parts.append(_table(f"{each.name}: {read:,} rows in {each.seconds:.1f} s", each.rows))
        for row in each.rows:
            reasons = row["reasons"] if row["status"] == "held" else [row["error"]] if row["status"] == "failed" else []
            parts += [f"  {row['supplier']} {row['status']}: {reason}" for reason in reasons]
        parts.append("")
    if result.changed_nothing:
        parts += ["Nothing changed: every feed is the one that was read last, or is still not fit to be let in.", ""]
    parts += _prices(result.priced) if result.priced else []
    held = [row for row in result.rounds[-1].rows if row["status"] == "held"]
    if held:
        parts.append(f"Decide on a held run:  meschain catalog diff {held[0]['run_id'][-8:]} --tenant {result.tenant}")
    parts += [f"The lake is in {result.lake}. Three questions to ask it:"]
    questions = [text(f"questions/{name}").strip() for name in _QUESTIONS]
    parts += [f'  meschain sql --tenant {result.tenant} "{question}"' for question in questions]
    return Group(*parts)
