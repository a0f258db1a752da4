"""The whole flow in the fresh process: a platform of its own, warmed by a small supplier, then one sync by trigger."""

import logging
import sqlite3
import time
from pathlib import Path
from typing import Any

from benchmarks.measured.clock import Stopwatch, warm
from benchmarks.measured.sync import SUPPLIER, TENANT, copy_home
from meschain.catalog.context import Catalog
from meschain.catalog.runs import list_runs
from meschain.catalog.suppliers import add_supplier, get_supplier, set_source
from meschain.catalog.tables import Run
from meschain.operations.platform import running_platform
from meschain.runs.service import live_runners, trigger, wait
from meschain.settings import Settings
from meschain.wiring import House

log = logging.getLogger(__name__)
_FLOW = "sync-catalog"
_SMALL = "warm-up"
_PATIENCE_SECONDS = 600.0
_LOOK_SECONDS = 0.1
_TASKS = """
    SELECT t.name, round((julianday(t.end_time) - julianday(t.start_time)) * 86400, 3)
    FROM task_run AS t JOIN flow_run AS f ON f.id = t.flow_run_id
    WHERE f.name LIKE ? AND t.end_time IS NOT NULL
    ORDER BY t.start_time
"""


def sync_by_flow(state: str, path: str, small: str) -> dict[str, Any]:
    """Ask for the flow and wait for its end: fetch, sync, gate, quality checks, matching, artifacts."""
    house = House(Settings(home=copy_home(Path(state))))
    try:
        house.set_up()
        catalog = house.catalog(house.tenant(TENANT))
        set_source(catalog, SUPPLIER, _file(path))
        add_supplier(catalog, _SMALL, source=_file(small))
        with running_platform(house.settings, log.info, any_port=True):
            _await_runner(house)
            _sync(catalog, _SMALL)
            warm(Path(path))
            with Stopwatch() as watch:
                run = _sync(catalog, SUPPLIER)
        seconds = _looked_at(house.settings)
    finally:
        house.close()
    return {
        "seconds": watch.seconds,
        "cpu_seconds": 0.0,  # the work is done by other processes
        "sync_seconds": run.seconds,
        "peak_mb": (run.peak_mb or 0.0) * 1024 * 1024 / 1e6,
        "counts": run.counts,
        "task_seconds": seconds,
    }


def _file(path: str) -> dict[str, Any]:
    return {"kind": "file", "paths": [path], "settle_seconds": 0}


def _await_runner(house: House) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not live_runners(house.engine):
        if time.monotonic() > deadline:
            raise TimeoutError("no flow runner has come up")
        time.sleep(_LOOK_SECONDS)


def _sync(catalog: Catalog, supplier: str) -> Run:
    """The run that the flow made; an error when it applied nothing."""
    parameters = {"supplier": supplier, "tenant": TENANT}
    asked = trigger(catalog.engine, _FLOW, parameters, log=catalog.log, actor=catalog.actor)
    ended = wait(catalog.engine, asked.id, seconds=_PATIENCE_SECONDS)
    run = next((run for run, _ in list_runs(catalog, get_supplier(catalog, supplier), limit=1)), None)
    if ended.state != "finished" or run is None or run.status != "applied":
        raise AssertionError(f"the flow ended as {ended.state}: {ended.message}; the run: {run and run.status}")
    return run


def _looked_at(settings: Settings) -> dict[str, float]:
    """Seconds that each task of the sync took, by Prefect's own book; an error if an artifact is missing."""
    with sqlite3.connect(settings.home / "prefect" / "prefect.db") as database:
        keys = {str(key) for (key,) in database.execute("SELECT DISTINCT key FROM artifact WHERE key IS NOT NULL")}
        seconds = {str(name): float(took) for name, took in database.execute(_TASKS, [f"sync {SUPPLIER}%"])}
    wanted = {f"{kind}-{TENANT}-{SUPPLIER}" for kind in ("sync", "progress", "quality")}
    if missing := wanted - keys:
        raise AssertionError(f"the flow left no artifact {', '.join(sorted(missing))}")
    return seconds
