"""The staged difference between a feed and the lake: loaded, compared, measured, applied. Statements in `sql/sync`.

The delta lies in a DuckDB file of its own, attached as `delta`, so that a held run can be looked at and applied later.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import statements
from warehouse.lake import Connection, Lake
from warehouse.statements import text

Digests = npt.NDArray[np.uint64]


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
    """Takes batches of a feed: offers into a Parquet file, refusals into `delta.refusals`. A few MiB of memory."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, offers: pa.Table, refusals: pa.Table) -> None:
        """Append a batch, columns by name; the first one also fixes the columns of the offers, so it may be empty."""
        sequence = pa.array(np.arange(self._rows, self._rows + offers.num_rows), pa.int64())
        offers = offers.append_column("_sequence", sequence)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path, offers.schema, compression="zstd", compression_level=1, use_dictionary=False
            )
        self._writer.write_table(offers)
        self._rows += offers.num_rows
        if refusals.num_rows:
            self._connection.register("batch", refusals)
            statements.run(self._connection, "sync/load_refusals")
            self._connection.unregister("batch")


class Delta:
    """One run's delta on a connection made with `Lake.connect(delta=…)`."""

    def __init__(self, connection: Connection, key: DeltaKey, file: Path) -> None:
        self.connection = connection
        self._file = file
        self._parameters = key.parameters()
        self._unsure: tuple[Digests, Digests] = (np.empty(0, np.uint64), np.empty(0, np.uint64))

    def known(self) -> tuple[Digests, Digests]:
        """Digests (high, low) of the records of the supplier's last applied feed that may be passed over."""
        table = statements.run(self.connection, "sync/known", self._parameters).fetchnumpy()
        hi, lo = np.asarray(table["digest_hi"], np.uint64), np.asarray(table["digest_lo"], np.uint64)
        sure = np.asarray(table["sure"], np.bool_)
        self._unsure = hi[~sure], lo[~sure]
        return hi[sure], lo[sure]

    @contextmanager
    def staging(self) -> Iterator["Staging"]:
        """Empty staging tables, and a place to append batches to; afterwards the offers stand in `delta.offers`."""
        statements.run(self.connection, "sync/stage")
        with Staging(self.connection, self._file.with_suffix(".parquet")) as staging:
            yield staging
        # A view takes no parameters; the path is the installation's own.
        path = str(self._file.with_suffix(".parquet")).replace("'", "''")
        self.connection.execute(text("sync/offers").replace("$path", f"'{path}'"))

    def mark_absent(self, digests: tuple[Digests, Digests]) -> None:
        """Say which known records the feed no longer holds; those that must be read anew count as such."""
        hi, lo = (np.concatenate(halves) for halves in zip(digests, self._unsure, strict=True))
        table = pa.table({"digest_hi": hi, "digest_lo": lo})
        self.connection.register("batch", table)
        statements.run(self.connection, "sync/load_absent")
        self.connection.unregister("batch")

    def clashes(self) -> pa.Table:
        """Staged offers that repeat the key of a known record: supplier_sku, _place, digest_hi, digest_lo."""
        return statements.run(self.connection, "sync/clashes", self._parameters).to_arrow_table()

    def refuse_duplicates(self, clashing: list[str]) -> None:
        """Refuse all but the first row of a key, and every staged row of a `clashing` key."""
        self.connection.register("batch", pa.table({"supplier_sku": pa.array(clashing, pa.string())}))
        statements.run(self.connection, "sync/duplicates")
        self.connection.unregister("batch")

    def compare(self, *, complete: bool) -> dict[str, object]:
        """Work out what has to be written, and measure it; absent offers are missing only in a complete feed."""
        statements.run(self.connection, "sync/compare", {**self._parameters, "complete": complete})
        statements.run(self.connection, "sync/describe", self._parameters)
        return statements.row(self.connection, "sync/measure", self._parameters)

    def compare_with_past(self) -> dict[str, object]:
        """Work out how the supplier's offers differ from the snapshot attached as `past`; gives the run's counts."""
        statements.run(self.connection, "sync/compare_past", self._parameters)
        statements.run(self.connection, "sync/describe", self._parameters)
        return statements.row(self.connection, "sync/describe_past", self._parameters)

    def restore(self, lake: Lake, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        """Bring the supplier back to the snapshot attached as `past`; gives the snapshots before and after."""
        return self._write(lake, "sync/restore", counts, message)

    def compare_expired(self, missing_before: datetime) -> int:
        """Stage the deletion of offers that have been missing since before that time; gives how many."""
        parameters = {**self._parameters, "missing_before": missing_before}
        statements.run(self.connection, "absence/expired", parameters)
        statements.run(self.connection, "sync/describe", self._parameters)
        return int(str(statements.row(self.connection, "absence/count", parameters)["expired"]))

    def suspect(self, lake: Lake, message: str) -> None:
        """Note in the lake which active offers a held feed leaves out."""
        lake.write(
            self.connection, lambda connection: statements.run(connection, "sync/suspect", self._parameters), message
        )

    def apply(self, lake: Lake, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        """Write the delta in one transaction; gives the lake's snapshots before and after it."""
        return self._write(lake, "sync/apply", counts, message)

    def _write(self, lake: Lake, name: str, counts: Mapping[str, object], message: str) -> tuple[int, int]:
        parameters = {**self._parameters, **counts}

        def work(connection: Connection) -> int:
            before = lake.snapshot(connection)
            statements.run(connection, name, parameters)
            return before

        before = lake.write(self.connection, work, message)
        return before, lake.snapshot(self.connection)


def applied_run(connection: Connection, run_id: str) -> tuple[dict[str, object], tuple[int, int]] | None:
    """What a run's transaction wrote about itself: counts, and the lake's snapshots before and after it.

    None if that transaction was never committed.
    """
    found = statements.row(connection, "sync/applied_run", {"run_id": run_id})
    if not found:
        return None
    after = int(str(found.pop("snapshot")))
    return found, (after - 1, after)
