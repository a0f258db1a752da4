"""What cannot be done faster: read a file, hash it, let DuckDB read it as CSV into a table. Nothing of MesChain."""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb
import xxhash

from benchmarks.measured.clock import Stopwatch, warm

THREADS = 2
_BLOCK = 1 << 20


def read_csv(path: str) -> dict[str, Any]:
    """R: DuckDB reads the CSV into a temporary table, with two threads and nothing else."""
    warm(Path(path))
    with duckdb.connect(config={"threads": THREADS, "temp_directory": gettempdir()}) as connection:
        with Stopwatch() as watch:
            connection.execute("CREATE TEMP TABLE feed AS FROM read_csv($path)", {"path": path})
        found = connection.execute("SELECT count(*) FROM feed").fetchone()
    return {**watch.told(), "rows": found[0] if found else 0}


def read_bytes(path: str) -> dict[str, Any]:
    """Read the file and do nothing with it, as `cat` does."""
    warm(Path(path))
    with Stopwatch() as watch:
        warm(Path(path))
    return {**watch.told(), "bytes": Path(path).stat().st_size}


def hash_bytes(path: str) -> dict[str, Any]:
    """xxh3-128 of the file."""
    warm(Path(path))
    digest = xxhash.xxh3_128()
    with Stopwatch() as watch, Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return {**watch.told(), "hash": digest.hexdigest()}
