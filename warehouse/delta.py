"""The staged difference between a feed and the lake: loaded, compared, measured, applied. Statements in `sql/sync`.

The delta lies in a DuckDB file of its own, attached as `delta`, and a folder of Parquet files beside it, so that a held
run can be looked at and applied later.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from warehouse import statements
from warehouse.lake import Connection, Lake, staged_folder

log = logging.getLogger(__name__)
T = TypeVar("T")
Digests = npt.NDArray[np.uint64]
Highs = npt.NDArray[np.uint32]
_MANY = 500_000
"""Staged rows, and known ones beside them, that no longer make an ordinary difference."""


@dataclass(frozen=True, slots=True)
class DeltaKey:
    """Whose delta it is, and the time that its changes will carry."""

    tenant: str
    supplier: str
    run_id: str
    now: datetime

    def parameters(self) -> dict[str, object]:
        """As named SQL parameters."""
        return {"tenant": self.tenant, "supplier": self.supplier, "run_id": self.run_id, "now": self.now}


class Staging:
    """Takes batches of a feed, a Parquet file each: a few MiB of memory, however many there are."""

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self._folder = folder
        self._batches = 0

    def add(self, offers: pl.DataFrame, refusals: pl.DataFrame) -> None:
        """Append a batch, columns by name; the first one also fixes the columns, so it may be empty."""
        sequence = pl.int_range(self.rows, self.rows + len(offers), dtype=pl.Int64, eager=True).alias("_sequence")
        _write(offers.with_columns(sequence), self._folder / f"offers-{self._batches}.parquet")
        if len(refusals) or not self._batches:
            _write(refusals, self._folder / f"refusals-{self._batches}.parquet")
        self.rows += len(offers)
        self._batches += 1


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False)


def remove_delta(file: Path) -> None:
    """Remove a delta; one that is not there is no error."""
    shutil.rmtree(staged_folder(file), ignore_errors=True)
    for each in (file, file.with_name(f"{file.name}.wal")):
        each.unlink(missing_ok=True)


class Delta:
    """One run's delta on a connection made with `Lake.connect(delta=…)`."""

    def __init__(self, lake: Lake, connection: Connection, key: DeltaKey, file: Path) -> None:
        self.connection = connection
        self._lake = lake
        self._known = 0
        self._folder = staged_folder(file)
        self._parameters = key.parameters()

    def known(self) -> tuple[Highs, Digests]:
        """Digests (high, low) of the records of the supplier's last applied feed that may be passed over."""
        self._lake.allot(self.connection, sparing=True)
        found = statements.run(self.connection, "sync/known", self._parameters).fetchnumpy()
        self._lake.allot(self.connection, sparing=True)  # makes DuckDB give back what it sorted them in
        self._known = len(found["digest_lo"])
        return np.asarray(found["digest_hi"], np.uint32), np.asarray(found["digest_lo"], np.uint64)

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """A place to append batches to; afterwards they stand in `delta.offers` and `delta.refusals`."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        staging = Staging(self._folder)
        yield staging
        if min(staging.rows, self._known) > _MANY:
            self._lake.allot(self.connection, sparing=False)
        statements.run(self.connection, "sync/stage")

    def mark_absent(self, hi: Highs, lo: Digests) -> None:
        """Say which known records the feed no longer holds; those that must be read anew count as such."""
        path = self._folder / "absent.parquet"
        _write(pl.DataFrame({"digest_hi": hi, "digest_lo": lo}), path)
        statements.run(self.connection, "sync/load_absent")
        path.unlink()

    def find_clashes(self) -> int:
        """How many known records were passed over and have the key of a staged offer; `known` gives them no more."""
        found = self._with_room(lambda: statements.row(self.connection, "sync/clashes", self._parameters))
        return int(str(found["clashes"]))

    def refuse_duplicates(self) -> None:
        """Refuse all but the first row of a key."""
        statements.run(self.connection, "sync/duplicates")

    def _describe(self) -> None:
        statements.run(self.connection, "sync/describe", self._parameters)

    def compare(self, *, complete: bool, other_rules: bool = False) -> dict[str, object]:
        """Work out what has to be written, and measure it; absent offers are missing only in a complete feed.

        With `other_rules`, feeds did perhaps not have to be complete so far: offers without a record are absent too.
        """
        rules = {"complete": complete, "other_rules": other_rules}

        def work() -> dict[str, object]:
            statements.run(self.connection, "sync/compare", {**self._parameters, **rules})
            self._describe()
            return statements.row(self.connection, "sync/measure", self._parameters)

        return self._with_room(work)

    def compare_with_past(self) -> dict[str, object]:
        """Work out how the supplier's offers differ from the snapshot attached as `past`; gives the run's counts."""
        statements.run(self.connection, "sync/compare_past", self._parameters)
        self._describe()
        return statements.row(self.connection, "sync/describe_past", self._parameters)

    def restore(self, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        """Bring the supplier back to the snapshot attached as `past`; gives the snapshots before and after."""
        return self._write("sync/restore", counts, message)

    def compare_expired(self, missing_before: datetime) -> int:
        """Stage the deletion of offers that have been missing since before that time; gives how many."""
        parameters = {**self._parameters, "missing_before": missing_before}
        statements.run(self.connection, "absence/expired", parameters)
        self._describe()
        return int(str(statements.row(self.connection, "absence/count", parameters)["expired"]))

    def suspect(self, message: str) -> None:
        """Note in the lake which active offers a held feed leaves out."""
        self._lake.write(
            self.connection, lambda connection: statements.run(connection, "sync/suspect", self._parameters), message
        )

    def apply(self, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        """Write the delta in one transaction; gives the lake's snapshots before and after it."""
        return self._write("sync/apply", counts, message)

    def _write(self, name: str, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        parameters = {**self._parameters, **counts}
        statements.run(self.connection, "sync/date", self._parameters)

        def work(connection: Connection) -> int:
            before = self._lake.snapshot(connection)
            statements.run(connection, name, parameters)
            return before

        before = self._with_room(lambda: self._lake.write(self.connection, work, message))
        return before, before + 1

    def _with_room(self, work: Callable[[], T]) -> T:
        """Do a piece of work; one that the memory of an ordinary sync does not suffice for is done again with all."""
        try:
            return work()
        except duckdb.OutOfMemoryException as error:
            log.info(
                "Run %s needs more memory than most: %s", self._parameters["run_id"], str(error).partition("\n")[0]
            )
            self._lake.allot(self.connection, sparing=False)
            return work()


def applied_run(connection: Connection, run_id: str) -> tuple[dict[str, object], tuple[int, int]] | None:
    """What a run's transaction wrote about itself: counts, and the lake's snapshots before and after it.

    None if that transaction was never committed.
    """
    found = statements.row(connection, "sync/applied_run", {"run_id": run_id})
    if not found:
        return None
    after = int(str(found.pop("snapshot")))
    return found, (after - 1, after)
