"""Use case: check what a run left in the lake, and leave a report that a person can open anywhere. Decides nothing."""

import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from commerce.errors import Permanent, Refused
from meschain.catalog.context import Catalog
from meschain.catalog.quality_page import render
from meschain.catalog.runs import find_run
from meschain.catalog.tables import Run
from meschain.settings import private_dir
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from warehouse.cards import all_cards, card_of
from warehouse.quality import QualityReport, Target, check_relations
from warehouse.refusals import Refusals, open_refusals, staged_refusals

log = logging.getLogger(__name__)
_PAGE = "quality.html"
Verdict = Literal["passed", "warned", "failed"]


class Quality(BaseModel):
    """A run and how good what it left behind is; what `quality.json` holds and `quality.html` shows."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    supplier: str | None
    """None: every relation of the lake, whoever's rows."""
    run_id: str
    kind: str | None = None
    status: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_seconds: float | None = None
    peak_mb: float | None = None
    files: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    notes: dict[str, int] = {}
    """What was noted while reading, by `field:reason`."""
    findings: list[dict[str, Any]] = []
    """Why the safety gate held the run."""
    error: str | None = None
    checked_at: datetime
    seconds: float
    relations: list[QualityReport]
    refusals: list[Refusals] = []
    folder: Path = Field(exclude=True)

    @computed_field  # type: ignore[prop-decorator]  # mypy takes no decorator above property
    @property
    def verdict(self) -> Verdict:
        """The worst of all checks."""
        if any(report.failed for report in self.relations):
            return "failed"
        return "warned" if any(report.warned for report in self.relations) else "passed"

    @property
    def page(self) -> Path:
        """The report for people."""
        return self.folder / _PAGE

    @property
    def data(self) -> Path:
        """The report for programs."""
        return self.folder / "quality.json"


def check_quality(catalog: Catalog, supplier: str | None, run_id: str) -> Quality:
    """Check what the run left of the supplier in the lake, and write `quality.html` and `quality.json`.

    An applied run is checked as of its own snapshot, any other one as of now. Without a supplier, every relation is
    checked as of now; `run_id` then only names the report. Refused if the supplier's run was never begun.
    """
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", run_id):
        raise Refused(f"{run_id!r} cannot name a report: expected a run's id")
    run = find_run(catalog, run_id)
    if supplier is not None and run is None:
        raise Refused(f"{supplier} has no run {run_id}; see `meschain catalog runs --supplier {supplier}`")
    started = utc_now()
    snapshot = run.snapshot_after if run is not None and run.status == "applied" else None
    reports = check_relations(catalog.lake, _targets(supplier, run_id), run_id=run_id, snapshot=snapshot)
    checked = utc_now()
    quality = Quality(
        tenant=catalog.tenant, supplier=supplier, run_id=run_id, checked_at=checked, relations=reports,
        seconds=round((checked - started).total_seconds(), 3), refusals=_refusals(catalog, supplier, run),
        folder=catalog.reports / run_id, **_told_of(run),
    )  # fmt: skip
    _write(quality)
    log.info("Quality of run %s: %s", run_id, headline(quality))
    return quality


def find_page(catalog: Catalog, run_id: str) -> Path | None:
    """The report on a run, for people, if there is one."""
    page = catalog.reports / run_id / _PAGE
    return page if page.is_file() else None


def headline(quality: Quality) -> str:
    """The outcome in one sentence."""
    checks = sum(len(report.checks) for report in quality.relations)
    failed = sum(len(report.failed) for report in quality.relations)
    warned = sum(len(report.warned) for report in quality.relations)
    if not failed and not warned:
        return f"all {checks} checks passed"
    parts = [f"{failed} failed"] * bool(failed) + [f"{warned} warned"] * bool(warned)
    return f"{' and '.join(parts)} of {checks} checks"


def _targets(supplier: str | None, run_id: str) -> list[Target]:
    """What a run writes: its supplier's offers and runs, its own changes and refusals. Without supplier everything."""
    if supplier is None:
        return [Target(card) for card in all_cards()]
    of_supplier, of_run = {"supplier": supplier}, {"supplier": supplier, "run_id": run_id}
    return [
        Target(card_of("core.offers"), of_supplier),
        Target(card_of("core.offer_changes"), of_run),
        Target(card_of("core.feed_runs"), of_supplier),
        Target(card_of("raw.quarantine"), of_run),
    ]


def _refusals(catalog: Catalog, supplier: str | None, run: Run | None) -> list[Refusals]:
    """The supplier's open quarantine; of a held run what it would add to it."""
    if supplier is None:
        return []
    held = catalog.delta_file(run.id) if run is not None and run.status == "held" else None
    if held is not None and held.exists():
        with catalog.lake.connect(delta=held, read_only=True) as connection:
            return staged_refusals(connection)
    with catalog.lake.connect(read_only=True) as connection:
        return open_refusals(connection, supplier)


def _told_of(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {}
    return {
        "kind": run.kind,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "run_seconds": run.seconds,
        "peak_mb": run.peak_mb,
        "files": run.files,
        "counts": {name: count for name, count in run.counts.items() if isinstance(count, int)},
        "notes": run.counts.get("notes", {}),
        "findings": run.gate,
        "error": run.error,
    }


def _write(quality: Quality) -> None:
    private_dir(quality.folder)
    page = render(quality.model_dump(), headline(quality))
    for path, text in ((quality.data, quality.model_dump_json(indent=2)), (quality.page, page)):
        part = path.with_name(f".{path.name}-{new_id()}.part")
        try:
            part.write_text(text, encoding="utf-8")
            part.chmod(0o600)
            part.replace(path)
        except OSError as error:
            raise Permanent(
                f"The report {path} cannot be written: {error.strerror}; make room and check again"
            ) from error
        finally:
            part.unlink(missing_ok=True)
