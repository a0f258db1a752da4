"""Guesses from the beginning of a JSON file how it is laid out: lines or an array, where the array is, its variants."""

import io
import re
from collections import Counter
from collections.abc import Iterable

from commerce.errors import Permanent
from connectors.feeds.jsontext.array import ArrayCutter, opened_arrays
from connectors.feeds.jsontext.objects import decode
from connectors.feeds.names import is_sold

_LINES = 20
_RECORDS = 200
_START = re.compile(rb"\s*\{")


def is_lines(head: bytes) -> bool:
    """Whether most of the first lines are an object each. A lone line that holds an array of objects is not NDJSON."""
    if not _START.match(head):
        return False
    lines = [line for line in head.split(b"\n", _LINES + 1)[: _LINES + 1] if line.strip()]
    if len(lines) > 1:
        lines.pop()
        return sum(_object(line) is not None for line in lines) * 2 > len(lines)
    return _object(lines[0]) is not None and guess_paths(head) is None


def guess_paths(head: bytes) -> tuple[str, str] | None:
    """Path of the array with the most objects, and of the variants in these; None if there is no array of objects."""
    counts: Counter[tuple[str, ...]] = Counter(opened_arrays(head))
    if not counts:
        return None
    path = max(counts, key=lambda path: (counts[path], -len(path)))
    records: list[bytes] = []
    try:
        for texts in ArrayCutter(list(path)).read(io.BytesIO(head)):
            records += texts
    except Permanent:
        pass  # the beginning of a file is cut off
    return "/".join(path), variant_path(records)


def variant_path(records: Iterable[bytes]) -> str:
    """Path below the record of a list of objects that are articles by themselves; empty if there is none."""
    for text in [*records][:_RECORDS]:
        record = _object(text)
        path = _sold_below(record) if record is not None else ""
        if path:
            return path
    return ""


def _sold_below(record: dict[str, object]) -> str:
    for key, value in record.items():
        items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        if len(items) > 1 and all(is_sold(item) for item in items):
            return key
        if isinstance(value, dict) and (below := _sold_below(value)):
            return f"{key}/{below}"
    return ""


def _object(text: bytes) -> dict[str, object] | None:
    try:
        value = decode(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
