"""Writes the feeds of the benchmarks: a first version, the second a day later, and the second in two unlucky forms."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from meschain.sandbox.assortment import Assortment, assortment
from meschain.sandbox.changes import evolve
from meschain.sandbox.feeds.bench import write_csv, write_ndjson, write_xml

_WRITERS: dict[str, Callable[[Assortment, Path], None]] = {"csv": write_csv, "ndjson": write_ndjson, "xml": write_xml}
_RESPELT = {"csv": (b"\n", b"\r\n"), "ndjson": (b"}\n", b" }\n"), "xml": (b"</urun>", b" </urun>")}
"""What changes the bytes of every record and the meaning of none."""


def write(folder: str, form: str, rows: int, seed: int, versions: list[str]) -> dict[str, Any]:
    """Write the versions of a feed of `rows` products that are not in `folder` yet, and what a sync must count.

    `first` and `second` differ by a day of trade: 5 % changed, 1 % new, 1 % gone. `stamped` is the second with another
    time of change in every row, `respelt` the second with other bytes in every record that mean the same.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    before = assortment(rows, seed)
    after, truth = evolve(before, seed)
    for version in versions:
        path = place / f"{version}.{form}"
        if path.exists():
            continue
        part = path.with_suffix(".part")
        if version == "respelt":
            _respell(place / f"second.{form}", part, *_RESPELT[form])
        else:
            _WRITERS[form]({"first": before, "second": after, "stamped": _stamped(after)}[version], part)
        part.replace(path)
    counts = {name: getattr(truth, name) for name in ("read", "new", "changed", "unchanged", "missing")}
    (place / "truth.json").write_text(json.dumps(counts))
    return counts


def _stamped(state: Assortment) -> Assortment:
    """Every product says that it was changed a second later than it was."""
    return replace(state, ledger=state.ledger.with_columns(pl.col("updated") + 1))


def _respell(source: Path, target: Path, old: bytes, new: bytes) -> None:
    with source.open("rb") as reading, target.open("wb") as writing:
        writing.writelines(line.replace(old, new) for line in reading)
