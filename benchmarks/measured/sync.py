"""Syncs in the fresh process: the first import, the next version, the same bytes again. The use cases as they are."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.measured.clock import Stopwatch, warm
from connectors.feeds.detect import find_formats
from meschain.catalog.archive import keep
from meschain.catalog.context import Catalog
from meschain.catalog.runs import last_good, open_run
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.sync import settle, sync_files
from meschain.catalog.tables import Run, Supplier
from meschain.settings import Settings
from meschain.wiring import House

TENANT = "bench"
SUPPLIER = "wholesaler"
_COUNTS = ("read", "new", "changed", "unchanged", "missing")


def import_first(state: str, path: str) -> dict[str, Any]:
    """Import a feed into a new home in the folder `state`, and leave it there for others to copy."""
    warm(Path(path))
    house = House(Settings(home=Path(state)))
    try:
        house.set_up()
        return _sync(*_opened(house), path)
    finally:
        house.close()


def sync_next(state: str, path: str, expected: Mapping[str, int] | None) -> dict[str, Any]:
    """Sync the feed into a copy of `state`: keeping the raw file is timed apart, as `fetch`."""
    warm(Path(path))
    house = House(Settings(home=copy_home(Path(state))))
    try:
        result = _sync(*_opened(house), path)
    finally:
        house.close()
    counted = {name: result["counts"][name] for name in _COUNTS}
    if expected is not None and counted != expected:
        raise AssertionError(f"the sync counted {counted}, the feed was made with {expected}")
    return result


def sync_same(state: str, path: str) -> dict[str, Any]:
    """Sync the very bytes of which `state` was made: the whole use case, with keeping the file.

    `read_share` is how many bytes the process read from files meanwhile, as a share of the feed: 1 is hashing it once.
    """
    warm(Path(path))
    house = House(Settings(home=copy_home(Path(state))))
    try:
        catalog, supplier = _opened(house)
        before = _bytes_read()
        with Stopwatch() as watch:
            run = sync_files(catalog, supplier, [Path(path)], _nobody)
        share = (_bytes_read() - before) / Path(path).stat().st_size
    finally:
        house.close()
    if run.status != "unchanged" or run.counts["parsed"] != 0 or list(catalog.delta.iterdir()):
        raise AssertionError(f"the same bytes were read again: {run.status}, {run.counts}")
    return {**watch.told(), "read_share": share, "counts": run.counts}


def copy_home(state: Path) -> Path:
    """A copy of a home in the temporary folder. Files never written to again (raw feeds, Parquet) are linked."""
    return Path(shutil.copytree(state, mkdtemp(), copy_function=_link_or_copy, dirs_exist_ok=True))


def _link_or_copy(source: str, target: str) -> str:
    if Path(source).suffix == ".parquet" or "raw" in Path(source).parts[-4:-1]:
        with suppress(OSError):
            os.link(source, target)
            return target
    return shutil.copy2(source, target)


def _opened(house: House) -> tuple[Catalog, Supplier]:
    """The catalog and its supplier, with everything done that a process does once: a worker lives for days."""
    find_formats()
    catalog = house.catalog(house.tenant(TENANT, create=True))
    supplier = ensure_supplier(catalog, SUPPLIER)
    last_good(catalog, supplier)
    with catalog.lake.connect(read_only=True):
        pass
    return catalog, supplier


def _sync(catalog: Catalog, supplier: Supplier, path: str) -> dict[str, Any]:
    with Stopwatch() as fetching:
        feed = keep(catalog, supplier, [Path(path)])
    os.sync()  # what the copy has still to write shall not fall into the time of the sync
    with Stopwatch() as syncing, open_run(catalog, supplier, "sync") as run:
        ended = settle(run, feed, _nobody)
    return {**syncing.told(), "fetch_seconds": fetching.seconds, "counts": _applied(ended)}


def _applied(run: Run) -> dict[str, Any]:
    if run.status != "applied":
        raise AssertionError(f"the sync was not applied but {run.status}: {run.gate or run.error}")
    return run.counts


def _nobody(_rows: int) -> None:
    """Nobody watches."""


def _bytes_read() -> int:
    """Bytes that this process has read from files so far, from the cache or not; 0 where the system does not tell."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return 0
    return int(counters.read_text().split("rchar:")[1].split()[0])
