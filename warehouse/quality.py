"""Checks relations of a lake by their cards, and tells what came of it. Cheap to import: the work is done elsewhere."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from warehouse.cards import Card, Severity
from warehouse.lake import Lake

if TYPE_CHECKING:
    from warehouse.expectations import Checker

log = logging.getLogger(__name__)
Outcome = Literal["passed", "failed", "error"]


class CheckResult(BaseModel):
    """How one check ended; `error`: it could not be carried out, which is never a pass."""

    model_config = ConfigDict(frozen=True)

    name: str
    rule: str
    severity: Severity
    outcome: Outcome
    failing_rows: int = 0
    sample: list[dict[str, str | None]] = []
    """At most five of the rows: their keys, and the columns that the check is about."""
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the check was carried out and found nothing."""
        return self.outcome == "passed"


class QualityReport(BaseModel):
    """The checks of one relation, over the rows `where` names (all if empty), at one snapshot of the lake."""

    model_config = ConfigDict(frozen=True)

    relation: str
    tenant: str
    run_id: str
    snapshot: int
    where: dict[str, str]
    rows: int
    checks: list[CheckResult]
    seconds: float

    @property
    def failed(self) -> list[CheckResult]:
        """Violated checks that fail a run, and every check that could not be carried out, whatever its severity."""
        return [
            check for check in self.checks if check.outcome == "error" or (not check.ok and check.severity == "fail")
        ]

    @property
    def warned(self) -> list[CheckResult]:
        """Violated checks that only warn."""
        return [check for check in self.checks if check.outcome == "failed" and check.severity == "warn"]


@dataclass(frozen=True, slots=True)
class Target:
    """A relation by its card, and which of its rows to look at: those that have these values in these columns."""

    card: Card
    where: Mapping[str, str] = field(default_factory=dict)


def check_relations(
    lake: Lake, targets: Sequence[Target], *, run_id: str, snapshot: int | None = None
) -> list[QualityReport]:
    """Check the relations as they are at a snapshot (the newest if None); nothing is written anywhere.

    One call prepares one connection for all of them. Calls in other threads of the process wait for each other.
    Permanent if the lake cannot be opened at that snapshot; a check that cannot be carried out is a result.
    """
    # Imported here and nowhere else: it takes seconds and some 200 MB, which only a process that checks shall pay.
    from warehouse.expectations import open_checker  # noqa: PLC0415 - see the line above

    if snapshot is None:
        with lake.connect(read_only=True) as connection:
            snapshot = lake.snapshot(connection)
    with open_checker(partial(lake.prepare, read_only=True, snapshot=snapshot)) as checker:
        return [_check(checker, target, lake.settings.tenant, run_id, snapshot) for target in targets]


def _check(checker: "Checker", target: Target, tenant: str, run_id: str, snapshot: int) -> QualityReport:
    started = time.perf_counter()
    rows, checks = checker.check(target.card, target.where)
    report = QualityReport(
        relation=target.card.relation, tenant=tenant, run_id=run_id, snapshot=snapshot, where=dict(target.where),
        rows=rows, checks=checks, seconds=round(time.perf_counter() - started, 3),
    )  # fmt: skip
    for check in report.failed:
        log.warning("%s: %s: %s", report.relation, check.name, check.error or f"{check.failing_rows} rows")
    return report
