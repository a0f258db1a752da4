"""`meschain margin compute`, `losers`, `what-if`: the margins of the whole catalogue."""

from typing import Annotated, Any

import typer
from rich.console import Group

from commerce.errors import Refused
from meschain.commands.screen import Json, Tenant, pricing_of, show, table
from meschain.pricing import margins
from meschain.pricing.what_if import estimate, parse_changes
from meschain.store.ids import new_id
from warehouse.what_if import Comparison

Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]
_LOSING = (
    "channel",
    "supplier",
    "supplier_sku",
    "title",
    "currency",
    "sale",
    "cost",
    "commission",
    "cargo",
    "net_cash",
)
_CHANNELS = ("channel", "currency", "offers", "before", "after", "difference", "losing_before", "losing_after")
_MOVED = ("channel", "supplier", "supplier_sku", "title", "sale", "before", "after", "difference")


def register(app: typer.Typer) -> None:
    """Add the commands to `meschain margin`."""
    app.command("compute")(compute)
    app.command("losers")(losers)
    app.command("what-if")(what_if)


def compute(tenant: Tenant = None, json: Json = False) -> None:
    """Compute what every offer earns on every channel; what cannot be computed says why (`core.margin_refusals`)."""
    with pricing_of(tenant) as pricing:
        found = margins.compute_margins(pricing, new_id())
    told = {"run": found.run_id, "counts": found.counts, "losers": found.losers}
    show(told, json, lambda: _computed(found))


def losers(limit: Limit = 20, tenant: Tenant = None, json: Json = False) -> None:
    """The offers that lose the most cash on a sale, as last computed."""
    with pricing_of(tenant) as pricing:
        rows = margins.list_losers(pricing, limit)
    show(rows, json, lambda: table("The losers", rows, _LOSING))


def what_if(
    term: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, or NAME+=POINTS to add; NAME@CHANNEL for one channel.")
    ] = None,
    rate: Annotated[
        list[str] | None, typer.Option(help="CURRENCY=PER CENT that it costs more, such as EUR=10.")
    ] = None,
    tariff: Annotated[
        list[str] | None, typer.Option(help="PER CENT more for cargo; CHANNEL=PER CENT for one channel.")
    ] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """What changes of terms, rates and tariffs would do to the margins that were computed last. Changes nothing."""
    changes = [*map(_term, term or []), *map(_rate, rate or []), *map(_tariff, tariff or [])]
    with pricing_of(tenant) as pricing:
        found = estimate(pricing, parse_changes(changes))
    told = {"before": found.computed_at, "channels": found.channels, "bins": found.bins, "movers": found.movers}
    show(told, json, lambda: _drawn(found))


def _computed(found: margins.Computed) -> Group | str:
    if not found.counts:
        return "There is no active offer on an active channel. Add a channel (meschain channel add), sync a supplier."
    return Group(table("Margins", found.counts), "", table("The losers", found.losers, _LOSING))


def _drawn(found: Comparison) -> Group:
    """The sums, how the margins lie now and then, and what would lose most."""
    return Group(
        table(f"What if, against the margins of {found.computed_at:%Y-%m-%d %H:%M}", found.channels, _CHANNELS), "",
        _bars(found), "", table("What would lose most", found.movers, _MOVED),
    )  # fmt: skip


def _bars(found: Comparison) -> str:
    """Offers by net margin, a line for each five points: ░ before, █ after."""
    sums: dict[tuple[int, str], int] = {}
    for row in found.bins:
        sums[row["bin"], row["scenario"]] = sums.get((row["bin"], row["scenario"]), 0) + row["offers"]
    most = max(sums.values(), default=1)
    lines = ["Offers by net margin in per cent (░ before, █ after)"]
    for low in sorted({low for low, _ in sums}):
        for scenario, mark in (("before", "░"), ("after", "█")):
            offers = sums.get((low, scenario), 0)
            label = f"{low:>4}" if scenario == "before" else "    "
            lines.append(f"{label} {mark * max(round(60 * offers / most), 1 if offers else 0)} {offers:,}")
    return "\n".join(lines)


def _term(text: str) -> dict[str, Any]:
    for sign, part in (("+=", "add"), ("=", "value")):
        name, found, value = text.partition(sign)
        if found:
            name, _, channel = name.partition("@")
            return {"kind": "term", "name": name.strip(), part: value.strip(), "channel": channel.strip()}
    raise Refused(f"{text!r} says no change; expected one such as commission_rate+=2 or commission_rate@trendyol=17")


def _rate(text: str) -> dict[str, Any]:
    currency, found, change = text.partition("=")
    if not found:
        raise Refused(f"{text!r} says no change of a rate; expected one such as EUR=10")
    return {"kind": "rate", "currency": currency.strip().upper(), "change_rate": _number(change)}


def _tariff(text: str) -> dict[str, Any]:
    channel, _, change = text.rpartition("=")
    return {"kind": "tariff", "channel": channel.strip(), "change_rate": _number(change)}


def _number(text: str) -> str:
    return text.strip().removesuffix("%").strip()
