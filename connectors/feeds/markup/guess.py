"""Guesses where in an XML file the records and their variants are, from what repeats in its beginning.

Tags are found by pattern, not by a parser: the beginning of a file is cut off and may be damaged.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from connectors.feeds.names import is_sold, plain_name

_TOKEN = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[?!][^>]*>|<(/?)([^\s<>/!?&"'=]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(/?)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=")
_RECORD_NAMES = {
    "item", "entry", "product", "urun", "article", "artikel", "produkt", "offer", "record", "row", "stok", "mal",
    "importproductmodel",
}  # fmt: skip


@dataclass(slots=True)
class _Seen:
    """What was seen at one path."""

    count: int = 0
    most_together: int = 0
    parts: set[str] = field(default_factory=set)
    """Names of child elements and attributes."""
    has_children: bool = False


def guess_paths(head: bytes) -> tuple[str, str]:
    """Record path from the root and variant path below the record, either empty if nothing is like one."""
    seen = _survey(head.decode("utf-8", "replace"))
    record = _record_path(seen)
    return (record, _variant_path(seen, record)) if record else ("", "")


def _survey(text: str) -> dict[str, _Seen]:
    seen: defaultdict[str, _Seen] = defaultdict(_Seen)
    path: list[str] = []
    together: list[Counter[str]] = [Counter()]
    for end, name, attributes, empty in _TOKEN.findall(text):
        local = name.rpartition(":")[2]
        if not local:
            continue
        if end:
            if local in path:
                while path.pop() != local:
                    together.pop()
                together.pop()
            continue
        path.append(local)
        here = seen["/".join(path)]
        here.count += 1
        together[-1][local] += 1
        here.most_together = max(here.most_together, together[-1][local])
        here.parts.update(_ATTRIBUTE.findall(attributes))
        if len(path) > 1:
            parent = seen["/".join(path[:-1])]
            parent.parts.add(local)
            parent.has_children = True
        together.append(Counter())
        if empty:
            path.pop()
            together.pop()
    return seen


def _record_path(seen: dict[str, _Seen]) -> str:
    """The element of many parts that repeats nearest to the root; before it, one that is named like a record.

    A name counts for nothing inside something that repeats: an `item` in a product is not the product.
    """
    many_parts = {path: what for path, what in seen.items() if "/" in path and len(what.parts) > 1}
    repeated = {path for path, what in many_parts.items() if what.most_together > 1}
    alike = {path for path in many_parts if plain_name(path.rpartition("/")[2]) in _RECORD_NAMES}
    named = {path for path in alike if not any(path.startswith(f"{other}/") for other in repeated)}
    return min(named or repeated, key=lambda path: (path.count("/"), -many_parts[path].count), default="")


def _variant_path(seen: dict[str, _Seen], record: str) -> str:
    """The element below the record that repeats in it and has a code and a stock or a price of its own."""
    below = [path for path in seen if path.startswith(f"{record}/") and seen[path].has_children]
    variants = [path for path in below if seen[path].most_together > 1 and is_sold(seen[path].parts)]
    return min(variants, key=lambda path: path.count("/"), default="").removeprefix(f"{record}/")
