"""Use case: see whether a supplier can be reached, and what its feed would be read as. Nothing is kept or changed."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.feeds.detect import detect
from connectors.sources.protocol import Progress, Validators, no_progress
from meschain.catalog.archive import FeedFile
from meschain.catalog.context import Catalog
from meschain.catalog.report import preview
from meschain.catalog.sources import fetch_into
from meschain.catalog.suppliers import current_profile
from meschain.catalog.tables import Supplier
from meschain.settings import private_dir
from meschain.store.ids import new_id

_TRIALS = ".trials"
_OLD = timedelta(days=1)
_LONGEST_TEXT, _MOST_COLUMNS, _MOST_REMARKS = 120, 200, 20


@dataclass(frozen=True, slots=True)
class Tested:
    """What a supplier answered, in JSON values and little room: texts are cut, rows are the first ones only."""

    seconds: float
    bytes: int
    files: list[dict[str, Any]]
    """`name` and `bytes` of each."""
    format: str
    profile: dict[str, Any]
    """The present one, or a proposal."""
    profile_version: int
    """0: it is a proposal."""
    doubts: list[str]
    columns: list[str]
    rows: list[dict[str, Any]]
    remarks: list[str]
    """What was noted or refused in these rows."""


def try_connection(catalog: Catalog, supplier: Supplier, progress: Progress = no_progress) -> Tested:
    """Fetch the supplier's feed to a temporary place and read its first rows.

    Raises Transient, Permanent or Refused as a sync would.
    """
    begun = time.monotonic()
    with _temporary_place(catalog.raw / supplier.slug) as folder:
        fetched = fetch_into(catalog, supplier, folder, Validators(), progress)
        seconds = round(time.monotonic() - begun, 3)
        files = [FeedFile(file.path, file.name, "") for file in fetched.files]
        current = current_profile(catalog, supplier)
        seen = preview(files, current[1] if current else None, catalog.currency)
        layout = seen.profile.layout or detect(files[0].path, name=files[0].name)[0].layout
    return Tested(
        seconds=seconds,
        bytes=sum(file.bytes for file in fetched.files),
        files=[{"name": _cut(file.name), "bytes": file.bytes} for file in fetched.files],
        format=layout.format,
        profile=seen.profile.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        profile_version=current[0].version if current else 0,
        doubts=[_cut(doubt) for doubt in seen.doubts[:_MOST_REMARKS]],
        columns=[_cut(name) for name in seen.columns[:_MOST_COLUMNS]],
        rows=[{name: None if value is None else _cut(value) for name, value in row.items()} for row in seen.rows()],
        remarks=[_cut(remark) for remark in seen.remarks()[:_MOST_REMARKS]],
    )


@contextmanager
def _temporary_place(folder: Path) -> Iterator[Path]:
    """A folder for the length of the block; what a killed trial left long ago goes too."""
    trials = private_dir(private_dir(folder) / _TRIALS)
    for left in trials.iterdir():
        with suppress(FileNotFoundError):  # somebody else's, who is done with it
            if time.time() - left.stat().st_mtime > _OLD.total_seconds():
                shutil.rmtree(left, ignore_errors=True)
    place = trials / new_id()
    try:
        yield private_dir(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _cut(value: object) -> str:
    """As text of bounded length; amounts keep their scale."""
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
