"""Many suppliers in the fresh process: some worker processes sync them all, each one supplier after another."""

import logging
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.measured.clock import Stopwatch, peak_mb, warm
from benchmarks.measured.sync import TENANT, copy_home
from connectors.feeds.detect import find_formats
from meschain.catalog.context import Catalog
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.sync import sync_files
from meschain.settings import LakeSettings, Settings, StoreSettings
from meschain.wiring import House
from tests.postgres import fresh_database

_START_SECONDS = 300
_worker: dict[str, Any] = {}
"""What a worker process opened when it began: `catalog` and `conflicts`."""


def import_all(state: str, server: str, database: str, paths: list[str], at_once: int) -> dict[str, Any]:
    """Import each supplier's first feed into a new home in `state`, its store in `database` if there is a `server`."""
    url = server.replace("/postgres?", f"/{database}?")
    return _run(_settings(Path(state), url), paths, at_once)


def sync_all(state: str, server: str, database: str, paths: list[str], at_once: int) -> dict[str, Any]:
    """Sync each supplier's next feed in a copy of `state` and of its `database`."""
    home = copy_home(Path(state))
    with _copied(server, database) as url:
        return _run(_settings(home, url), paths, at_once)


@contextmanager
def _copied(server: str, database: str) -> Iterator[str]:
    if not server:
        yield ""
        return
    with fresh_database(server, f"run_{uuid4().hex}", template=database) as url:
        yield url


def _settings(home: Path, url: str) -> Settings:
    """Store and lake catalogs in the PostgreSQL database, or in SQLite files when there is none."""
    return Settings(home=home, store=StoreSettings(url=url), lake=LakeSettings(catalog_url=url))


def _run(settings: Settings, paths: list[str], at_once: int) -> dict[str, Any]:
    """The time from the moment all workers stand ready to the end of the last sync."""
    House(settings).set_up()
    for path in paths:
        warm(Path(path))
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(at_once + 1)
    with ProcessPoolExecutor(at_once, context, _begin, (settings.model_dump(mode="json"), ready)) as pool:
        ended = [pool.submit(_sync, f"supplier-{number:02}", path) for number, path in enumerate(paths)]
        ready.wait(_START_SECONDS)
        with Stopwatch() as watch:
            results = [each.result() for each in ended]
    return {
        **watch.told(),
        "cpu_seconds": sum(result["cpu_seconds"] for result in results),
        "peak_mb": max(result["peak_mb"] for result in results),
        "errors": [result["error"] for result in results if result["error"]],
        "conflicts": sum(result["conflicts"] for result in results),
        "slowest_seconds": max(result["seconds"] for result in results),
    }


def _begin(settings: dict[str, Any], ready: Barrier) -> None:
    """Open the house, as a long-lived worker has done before its first run, and wait for the others."""
    find_formats()
    house = House(Settings.model_validate(settings))
    catalog = house.catalog(house.tenant(TENANT, create=True))
    with catalog.lake.connect(read_only=True):
        pass
    _worker.update(catalog=catalog, conflicts=_Conflicts())
    logging.getLogger("warehouse.lake").addHandler(_worker["conflicts"])
    ready.wait(_START_SECONDS)


class _Conflicts(logging.Handler):
    """Counts the warnings of the lake: a write that had to be tried again."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def _sync(slug: str, path: str) -> dict[str, Any]:
    catalog: Catalog = _worker["catalog"]
    conflicts: _Conflicts = _worker["conflicts"]
    before, error = conflicts.count, ""
    with Stopwatch() as watch:
        try:
            run = sync_files(catalog, ensure_supplier(catalog, slug), [Path(path)], lambda _: None)
            error = "" if run.status == "applied" else f"{slug}: {run.status}"
        except Exception as failure:  # noqa: BLE001  whatever it is, it is what this benchmark looks for
            error = f"{slug}: {type(failure).__name__}: {failure}"
    return {
        **watch.told(),
        "peak_mb": peak_mb(),
        "conflicts": conflicts.count - before,
        "error": error,
    }
