"""`meschain catalog`: preview, import, sync, and everything a person does about runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from commerce.errors import MesChainError, Permanent
from connectors.written import read_yaml_file
from meschain.catalog import decisions, history, quarantine, runs, suppliers, sync
from meschain.catalog.archive import preview_files
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile, parse_profile
from meschain.catalog.report import describe, preview, summary
from meschain.catalog.sources import feed_files
from meschain.catalog.tables import Run
from meschain.commands.screen import (
    APPLIED,
    FAILED,
    HELD,
    Json,
    Tenant,
    catalog_of,
    err,
    out,
    progress,
    show,
    table,
)
from meschain.runs import service as triggers
from meschain.store.ids import new_id

app = typer.Typer(no_args_is_help=True, help="Supplier catalogs: bring them in, keep them right, look at what changed.")
Supplier = Annotated[str, typer.Option(help="Name of the supplier.")]
SupplierName = Annotated[str, typer.Argument(metavar="SUPPLIER", help="Name of the supplier.")]
OfSupplier = Annotated[str | None, typer.Option("--supplier", help="Only what is of this supplier.")]
Force = Annotated[bool, typer.Option("--force", help="Read the feed even if it is the one that was read last.")]
Run_ = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or its last characters.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or folders; together they are one feed.")]
Profile = Annotated[
    Path | None, typer.Option("--profile", help="YAML or JSON file with a feed profile to use from now on.")
]
Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]
Note = Annotated[str, typer.Option(help="Why; kept with the run.")]
Work = Callable[[Catalog, str, Callable[[int], None]], Run]
"""Does the work of one run, given its id and whom to tell the rows read so far."""


@app.command("import")
def import_files(
    files: Files,
    supplier: Supplier,
    profile: Profile = None,
    force: Force = False,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Bring files into the lake as the supplier's feed; the supplier is made if it is not there."""

    def work(catalog: Catalog, run_id: str, report: Callable[[int], None]) -> Run:
        owner = suppliers.ensure_supplier(catalog, supplier)
        if profile is not None:
            suppliers.save_profile(catalog, owner, read_profile(profile), "declared")
        return sync.sync_files(catalog, owner, feed_files(files), report, force=force, run_id=run_id)

    _run(work, supplier, tenant, json, create=True)


@app.command("sync")
def sync_supplier(
    supplier: SupplierName,
    force: Force = False,
    flow: Annotated[
        bool, typer.Option("--flow", help="Have the flow runner do it, seen in Prefect: needs `meschain up`.")
    ] = False,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Fetch the supplier's feed from its source and bring what differs into the lake."""

    def work(catalog: Catalog, run_id: str, report: Callable[[int], None]) -> Run:
        owner = suppliers.get_supplier(catalog, supplier)
        return sync.sync_source(catalog, owner, report, force=force, run_id=run_id)

    def work_by_flow(catalog: Catalog, _run_id: str, _report: Callable[[int], None]) -> Run:
        return _sync_by_flow(catalog, supplier, force=force)

    _run(work_by_flow if flow else work, supplier, tenant, json)


def _sync_by_flow(catalog: Catalog, supplier: str, *, force: bool) -> Run:
    """Ask for the flow and wait; gives the run that it ended with."""
    parameters = {"supplier": supplier, "tenant": catalog.tenant, "force": force}
    asked = triggers.trigger(catalog.engine, "sync-catalog", parameters, log=catalog.log, actor=catalog.actor)
    ended = triggers.wait(catalog.engine, asked.id)
    run = runs.find_run(catalog, ended.outcome.get("run_id") or "")
    if run is None:
        raise Permanent(ended.message or f"The flow ended as {ended.state}; see its run in Prefect.")
    return run


@app.command()
def retry(supplier: SupplierName, tenant: Tenant = None, json: Json = False) -> None:
    """Read the supplier's quarantined rows again, only those, after its profile was mended."""

    def work(catalog: Catalog, run_id: str, _report: Callable[[int], None]) -> Run:
        return quarantine.retry_quarantine(catalog, suppliers.get_supplier(catalog, supplier), run_id=run_id)

    _run(work, supplier, tenant, json)


def _run(work: Work, supplier: str, tenant: str | None, as_json: bool, *, create: bool = False) -> None:
    """Do the work of one run, show how it ended, and leave with its exit code.

    A program is given the same object whether the run failed or could not even begin.
    """
    run_id, begun = new_id(), None
    try:
        with catalog_of(tenant, create=create) as catalog:
            tenant = catalog.tenant
            try:
                with progress(supplier) as report:
                    run = work(catalog, run_id, report)
            finally:
                begun = runs.find_run(catalog, run_id)
    except MesChainError as error:
        if as_json:
            show(summary(begun, tenant or "", supplier, error=str(error)), as_json, str)
        raise
    show(summary(run, tenant, supplier), as_json, lambda: describe(run, supplier))
    raise typer.Exit(HELD if run.status == "held" else FAILED if run.status == "failed" else APPLIED)


@app.command("preview")
def preview_feed(
    files: Files,
    profile: Profile = None,
    save: Annotated[bool, typer.Option("--save", help="Save the profile for --supplier.")] = False,
    supplier: Annotated[str | None, typer.Option(help="Supplier to save it for.")] = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Propose a feed profile from headings and values, and show the first 20 rows as they would be read."""
    if save and supplier is None:
        raise Permanent("--save needs --supplier: the name of the supplier whose profile it shall be.")
    with catalog_of(tenant, create=True) as catalog:
        seen = preview(preview_files(feed_files(files)), read_profile(profile) if profile else None, catalog.currency)
        if save and supplier is not None:
            owner = suppliers.ensure_supplier(catalog, supplier)
            suppliers.save_profile(catalog, owner, seen.profile, "declared" if profile else "proposed")
    if not json:
        out.print(seen.profile_text())
    show(seen.as_json(), json, lambda: table("As it would be read", seen.rows()))
    if not json:
        for line in seen.remarks():
            out.print(line)
        for doubt in seen.doubts:
            err.print(f"Doubt: {doubt}", style="yellow")


@app.command("runs")
def list_runs(supplier: OfSupplier = None, limit: Limit = 20, tenant: Tenant = None, json: Json = False) -> None:
    """The newest runs, newest first."""
    with catalog_of(tenant) as catalog:
        owner = suppliers.get_supplier(catalog, supplier) if supplier else None
        rows = [summary(run, catalog.tenant, slug) for run, slug in runs.list_runs(catalog, owner, limit)]
    columns = (
        "run_id",
        "supplier",
        "kind",
        "status",
        "started_at",
        "read",
        "accepted",
        "quarantined",
        "new",
        "changed",
        "missing",
        "seconds",
    )
    show(rows, json, lambda: table("Runs", rows, columns))


@app.command()
def diff(run: Run_, limit: Limit = 20, tenant: Tenant = None, json: Json = False) -> None:
    """What a held run would change, or what an applied run did."""
    with catalog_of(tenant) as catalog:
        difference = decisions.show_difference(catalog, run, limit)
    result: dict[str, Any] = {
        "run_id": difference.run.id, "supplier": difference.supplier, "status": difference.run.status,
        "reasons": [finding["message"] for finding in difference.run.gate],
        "kinds": difference.kinds, "examples": difference.examples,
    }  # fmt: skip
    show(result, json, lambda: _diff_text(result))


def _diff_text(result: dict[str, Any]) -> object:
    out.print(f"Run {result['run_id']} of {result['supplier']}: {result['status']}")
    for reason in result["reasons"]:
        out.print(f"  held because {reason}")
    out.print("  " + ", ".join(f"{count:,} {kind}" for kind, count in result["kinds"].items()))
    rows = [
        {"supplier_sku": row["supplier_sku"], "kind": row["kind"], **{k: _short(v) for k, v in change.items()}}
        for row in result["examples"]
        for change in row["changes"]
    ]
    return table("Examples", rows)


def _short(text: str | None, width: int = 60) -> str | None:
    return text if text is None or len(text) <= width else text[: width - 1] + "…"


@app.command()
def approve(run: Run_, note: Note = "", tenant: Tenant = None, json: Json = False) -> None:
    """Apply a held run as it was staged."""
    with catalog_of(tenant) as catalog:
        _show_decided(catalog, decisions.approve_run(catalog, run, note=note), json)


@app.command()
def reject(run: Run_, note: Note = "", tenant: Tenant = None, json: Json = False) -> None:
    """Drop a held run's changes; nothing of it reaches the offers."""
    with catalog_of(tenant) as catalog:
        _show_decided(catalog, decisions.reject_run(catalog, run, note=note), json)


@app.command()
def rollback(run: Run_, note: Note = "", tenant: Tenant = None, json: Json = False) -> None:
    """Restore the supplier's offers to exactly what they were before an applied run."""
    with catalog_of(tenant) as catalog:
        _show_decided(catalog, decisions.roll_back(catalog, run, note=note), json)


def _show_decided(catalog: Catalog, run: Run, as_json: bool) -> None:
    slug = runs.supplier_slug(catalog, run)
    show(summary(run, catalog.tenant, slug), as_json, lambda: describe(run, slug))


@app.command("quarantine")
def list_quarantine(
    supplier: OfSupplier = None,
    reason: Annotated[str | None, typer.Option(help="Only entries with this reason code.")] = None,
    limit: Limit = 20,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Rows and values that were not accepted, with the reason and what was expected."""
    with catalog_of(tenant) as catalog:
        owner = suppliers.get_supplier(catalog, supplier) if supplier else None
        entries, reasons = quarantine.list_quarantine(catalog, owner, reason, limit)
    if not json:
        out.print(table("Open, by reason", reasons))
    columns = ("supplier", "row_number", "supplier_sku", "scope", "field", "reason", "value", "expected")
    show({"reasons": reasons, "entries": entries}, json, lambda: table("Newest", entries, columns))


@app.command("history")
def show_history(
    sku: Annotated[str, typer.Argument(help="The supplier's code of the offer.")],
    supplier: OfSupplier = None,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Everything that happened to an offer, oldest first."""
    with catalog_of(tenant) as catalog:
        rows = history.offer_history(catalog, sku, supplier)
    shown = [{**row, "before": _short(row["before"]), "after": _short(row["after"])} for row in rows]
    show(rows, json, lambda: table(f"History of {sku}", shown))


def read_profile(path: Path) -> FeedProfile:
    """The profile in a YAML or JSON file."""
    return parse_profile(read_yaml_file(path), path.name)
