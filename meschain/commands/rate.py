"""`meschain rate`: rates of exchange as central banks publish them, and the decision about those that jumped."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from commerce.errors import MesChainError, Permanent, Transient
from connectors.fx.bulletin import Bulletin
from connectors.fx.ecb import parse_ecb_history
from meschain.commands.margin import number
from meschain.commands.screen import HELD, Json, Tenant, pricing_of, show, table
from meschain.pricing import rates
from meschain.pricing.banks import SOURCES, Source, fetch_bulletin, fetch_history, today_of
from meschain.pricing.bulletins import describe, newest, reference
from meschain.pricing.context import Pricing
from meschain.pricing.tables import BulletinStatus, RateBulletin
from meschain.runs import service as triggers
from meschain.store.base import utc_now

app = typer.Typer(no_args_is_help=True, help="Rates of exchange: fetch them, look at them, decide about what jumped.")
_DAY = "%Y-%m-%d"
OfSource = Annotated[Source | None, typer.Option("--source", help="Only those of this bank.")]
SourceName = Annotated[Source, typer.Argument(metavar="SOURCE", help="The bank: tcmb or ecb.")]
Day = Annotated[datetime, typer.Argument(metavar="DAY", formats=[_DAY], help="Day of the bulletin, as 2026-01-05.")]
Note = Annotated[str, typer.Option(help="Why; kept with the bulletin.")]
_COLUMNS = ("source", "day", "number", "status", "why")
_OUTCOME = ("tenant", "source", "day", "bulletin", "status", "findings")


@app.command("list")
def list_all(
    source: OfSource = None,
    status: Annotated[BulletinStatus | None, typer.Option(help="Only those that are this now.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """The newest bulletins, newest first."""
    with pricing_of(tenant) as pricing:
        found = [_described(row) for row in rates.list_bulletins(pricing, source, status, limit=limit)]
    rows = [{**row, "why": describe(row["findings"])} for row in found]
    show(found, json, lambda: table("Bulletins", rows, _COLUMNS))


@app.command("show")
def show_one(source: SourceName, day: Day, tenant: Tenant = None, json: Json = False) -> None:
    """One bulletin: its rates, and why it is held."""
    with pricing_of(tenant) as pricing:
        row = rates.get_bulletin(pricing, source, day.date())
    result = {**_described(row), "rates": row.rates, "used": row.former["rates"] if row.former is not None else None}
    show(result, json, lambda: _drawn(row))


@app.command()
def fetch(
    source: OfSource = None,
    day: Annotated[
        datetime | None, typer.Option(formats=[_DAY], help="The bulletin of that day; else the newest.")
    ] = None,
    jump: Annotated[
        Decimal | None, typer.Option(parser=number, metavar="PERCENT", help="How much a rate may move; else as stated.")
    ] = None,
    flow: Annotated[
        bool, typer.Option("--flow", help="Have the flow runner do it, seen in Prefect: needs `meschain up`.")
    ] = False,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Fetch the rates of a bank, or of each, and keep them; a bulletin in which a rate jumped is held (exit code 3)."""
    if flow and (day or jump is not None):
        raise Permanent("--flow fetches the newest rates as usual; leave out --day and --jump, or leave out --flow.")
    with pricing_of(tenant) as pricing:
        kept = _fetch_by_flow(pricing, source) if flow else _fetch(pricing, source, day, jump)
    rows = [
        {"bulletin": each["bulletin"], "status": each["status"], "why": describe(each["findings"])} for each in kept
    ]
    show(kept, json, lambda: table("Fetched", rows))
    raise typer.Exit(HELD if any(each["status"] == "held" for each in kept) else 0)


def _fetch(pricing: Pricing, source: Source | None, day: datetime | None, jump: Decimal | None) -> list[dict[str, Any]]:
    """What became of each bank's bulletin; one that cannot be had is told when the others are kept."""
    kept, errors = [], []
    for each in [source] if source else SOURCES:
        asked = day.date() if day else today_of(each, utc_now())
        try:
            bulletin = fetch_bulletin(pricing.http, pricing.banks, each, asked)
            kept.append(_outcome(pricing, rates.keep_bulletin(pricing, bulletin, jump)))
        except MesChainError as error:
            errors.append(error)
    if errors:
        done = "".join(f" Kept was {each['bulletin']}." for each in kept)
        kind = Transient if all(isinstance(error, Transient) for error in errors) else Permanent
        raise kind(f"{'; '.join(map(str, errors))}.{done}") from errors[0]
    return kept


def _fetch_by_flow(pricing: Pricing, source: Source | None) -> list[dict[str, Any]]:
    """Ask for the flow and wait; gives what became of each bulletin."""
    parameters = {"tenant": pricing.tenant, "source": source}
    asked = triggers.trigger(pricing.engine, "refresh-rates", parameters, log=pricing.log, actor=pricing.actor)
    ended = triggers.wait(pricing.engine, asked.id)
    if ended.state != "finished":
        raise Permanent(ended.message or f"The flow ended as {ended.state}; see its run in Prefect.")
    return [{name: each[name] for name in _OUTCOME} for each in ended.outcome["bulletins"]]


@app.command()
def history(
    file: Annotated[
        Path | None, typer.Option(help="The archive eurofxref-hist.zip; without it the bank is asked.")
    ] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Keep every reference rate that the ECB has published since 1999; days that are there already stay."""
    with pricing_of(tenant) as pricing:
        found = _read(file) if file else fetch_history(pricing.http, pricing.banks)
        added = rates.keep_history(pricing, found)
    show({"source": "ecb", "added": added}, json, lambda: f"{added:,} days of the ECB were added.")


@app.command()
def approve(source: SourceName, day: Day, note: Note = "", tenant: Tenant = None, json: Json = False) -> None:
    """Let the rates of a held bulletin be used."""
    _decide(source, day, note, tenant, json, accept=True)


@app.command()
def reject(source: SourceName, day: Day, note: Note = "", tenant: Tenant = None, json: Json = False) -> None:
    """Leave a held bulletin out; what was used before is used further."""
    _decide(source, day, note, tenant, json, accept=False)


def _decide(source: Source, day: datetime, note: str, tenant: str | None, as_json: bool, *, accept: bool) -> None:
    with pricing_of(tenant) as pricing:
        row = rates.decide_bulletin(pricing, source, day.date(), accept=accept, note=note)
    show(_described(row), as_json, lambda: f"{reference(newest(row))} is {row.status}.")


def _described(row: RateBulletin) -> dict[str, Any]:
    return {
        "source": row.source, "day": row.day, "number": row.number, "status": row.status, "findings": row.findings,
        "fetched_at": row.fetched_at, "decided_by": row.decided_by, "decided_at": row.decided_at,
        "decision_note": row.decision_note,
    }  # fmt: skip


def _outcome(pricing: Pricing, row: RateBulletin) -> dict[str, Any]:
    return {
        "tenant": pricing.tenant, "source": row.source, "day": row.day, "bulletin": reference(newest(row)),
        "status": row.status, "findings": row.findings,
    }  # fmt: skip


def _drawn(row: RateBulletin) -> Group:
    parts: list[Any] = [f"{reference(newest(row))}: {row.status}"]
    if row.decided_by:
        parts.append(f"Decided by {row.decided_by}{f': {row.decision_note}' if row.decision_note else ''}")
    if row.findings:
        parts.append(table("To be looked at", row.findings))
    parts.append(table("Rates", row.rates))
    if row.former is not None:
        parts.append(table(f"Used instead, of {row.former['number']}", row.former["rates"]))
    return Group(*parts)


def _read(file: Path) -> Iterator[Bulletin]:
    try:
        return parse_ecb_history(file.read_bytes(), file.name)
    except OSError as error:
        raise Permanent(f"{file} cannot be read: {error.strerror}") from error
