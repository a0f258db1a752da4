"""The demonstration: made-up suppliers (or a person's own files) come in through the flows, change, and come in again.

It uses the platform as anyone would: suppliers with sources, triggers, and the runs that the store tells about.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commerce.errors import MesChainError, Permanent
from meschain.catalog import suppliers
from meschain.catalog.context import Catalog
from meschain.catalog.report import summary
from meschain.catalog.runs import list_runs
from meschain.operations.platform import running_platform
from meschain.runs import service as triggers
from meschain.sandbox.prices import Priced, show_prices
from meschain.sandbox.server import serving
from meschain.sandbox.suppliers import SUPPLIERS, write_first, write_second
from meschain.settings import Settings, private_dir
from meschain.wiring import House

SEED = 2026
_FLOW = "sync-catalogs"
_PATIENCE_SECONDS = 600.0

Watch = Callable[[str, list[dict[str, Any]]], None]
"""Called several times a second with the round's name and the state of every supplier's run."""


@dataclass(slots=True)
class Round:
    """One sync of every supplier: a row for each, and how long all of them took together."""

    name: str
    rows: list[dict[str, Any]]
    seconds: float


@dataclass(slots=True)
class Demonstration:
    """What there is to tell at the end."""

    tenant: str
    lake: Path
    url: str
    rounds: list[Round] = field(default_factory=list)
    priced: Priced | None = None
    """Margins and prices; None for a person's own feeds, of whose channels nothing is known."""

    @property
    def changed_nothing(self) -> bool:
        """Whether no run of the last round wrote anything to the lake."""
        return all(row["status"] in ("unchanged", "held", "failed") for row in self.rounds[-1].rows)


def demonstrate(
    settings: Settings, watch: Watch, tell: Callable[[str], None], feeds: Path | None = None
) -> Demonstration:
    """Run the demonstration in the tenant `demo` (`own` for `feeds`); what an earlier one left is only synced again."""
    settings = _open_to_loopback(settings)
    house = House(settings)
    try:
        house.set_up()
        tenant = house.tenant("own" if feeds else "demo", create=True)
        catalog = house.catalog(tenant)
        folder = feeds or private_dir(settings.home / "sample" / "current")
        fresh = not suppliers.list_suppliers(catalog)
        if fresh and not feeds:
            tell("Writing the first feeds of six suppliers")
            _put(write_first(folder.parent, SEED), folder)
        with (
            _sources(catalog, folder, own=feeds is not None),
            running_platform(settings, tell, any_port=True) as platform,
        ):
            result = Demonstration(tenant.slug, settings.lake_dir(tenant.slug), platform.page)
            result.rounds.append(_sync(catalog, "First sync" if fresh else "Sync", watch))
            if fresh and not feeds:
                tell("A day later: the suppliers' second feeds")
                _put(write_second(folder.parent, SEED), folder)
                result.rounds.append(_sync(catalog, "Second sync", watch))
            if not feeds:
                result.priced = show_prices(house.pricing(tenant), tell)
        return result
    finally:
        house.close()


def _open_to_loopback(settings: Settings) -> Settings:
    """One of the made-up suppliers is a server on this machine."""
    return settings.model_copy(update={"http": settings.http.model_copy(update={"allow_private_addresses": True})})


def _put(feeds: list[Any], folder: Path) -> None:
    """Let the feeds take the place of those that the suppliers offered before."""
    for feed in feeds:
        part = folder / f".{feed.path.name}.part"
        shutil.copy2(feed.path, part)
        part.replace(folder / feed.path.name)


@contextmanager
def _sources(catalog: Catalog, folder: Path, *, own: bool) -> Iterator[None]:
    """Every supplier with its source; for as long as the block lasts, the one behind HTTP is served."""
    if own:
        for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
            _ensure(catalog, _slug(path), {"kind": "file", "paths": [str(path.resolve())]})
        if not suppliers.list_suppliers(catalog):
            raise Permanent(f"{folder} holds no feed; put one file or folder per supplier into it.")
        yield
        return
    with serving(folder) as server:
        for each in SUPPLIERS:
            path = each.path(folder)
            place = (
                {"kind": "http", "urls": [server.url(path.name)]}
                if each.over_http
                else {"kind": "file", "paths": [str(path)]}
            )
            _ensure(catalog, each.slug, place, each.name)
        yield


def _ensure(catalog: Catalog, slug: str, source: dict[str, Any], name: str = "") -> None:
    try:
        suppliers.add_supplier(catalog, slug, name=name, source=source)
    except MesChainError:
        suppliers.set_source(catalog, slug, source)


def _slug(path: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")
    return plain or "supplier"


def _sync(catalog: Catalog, name: str, watch: Watch) -> Round:
    """Have every supplier synced by the flow runner, and watch."""
    begun, newest = time.monotonic(), {slug: run.id for run, slug in reversed(list_runs(catalog, limit=200))}
    asked = triggers.trigger(
        catalog.engine,
        _FLOW,
        {"tenant": catalog.tenant, "every_supplier": True},
        log=catalog.log,
        actor=catalog.actor,
    )
    ended = triggers.wait(
        catalog.engine, asked.id, seconds=_PATIENCE_SECONDS, tell=lambda _: watch(name, _rows(catalog, newest))
    )
    rows = _rows(catalog, newest)
    watch(name, rows)
    if ended.state != "finished" and not any(row["status"] == "failed" for row in rows):
        raise Permanent(
            f"The flow {_FLOW} ended as {ended.state}: {ended.message or 'see the log of the flow runner'}."
        )
    return Round(name, rows, time.monotonic() - begun)


def _rows(catalog: Catalog, newest_before: dict[str, str]) -> list[dict[str, Any]]:
    """The newest run of every supplier; one that has not begun yet waits, a held one may be from before."""
    runs = {slug: run for run, slug in reversed(list_runs(catalog, limit=200))}
    rows = []
    for supplier in suppliers.list_suppliers(catalog):
        run = runs.get(supplier.slug)
        if run is None or (run.id == newest_before.get(supplier.slug) and run.status != "held"):
            rows.append({**summary(None, catalog.tenant, supplier.slug), "status": "waiting"})
        else:
            rows.append(summary(run, catalog.tenant, supplier.slug))
    return rows
