"""Reads YAML (or JSON, which is YAML too) that a person wrote, and takes nothing for what was not meant.

A key that stands twice in one mapping is refused, and a plain value is a number only where everybody reads it as that
one: `1:30` and `010` are text, not 90 and 8. What the values mean is judged by whoever asked for them.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from commerce.errors import Permanent

_NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z"),
    "tag:yaml.org,2002:float": re.compile(
        r"(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
        r"|\.(?:nan|NaN|NAN))\Z"
    ),
}
"""How numbers are written: as in YAML 1.1, without those to the base of 2, 8, 16 and 60."""
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What a reader raises; after the first where a tag does not fit its value, the last for what is nested too deep."""


class _Reader(yaml.SafeLoader):
    """Makes plain values and nothing else; see above."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401  its stub says a dict, it is a text
        """The mapping as it is written: whatever is merged into it later may be said again."""
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            said, line = (key.tag, key.value), key.start_mark.line + 1
            if said in lines:
                raise yaml.YAMLError(
                    f"line {line}: {key.value[:80]!r} stands twice in one mapping, first in line {lines[said]}; "
                    f"keep one of them"
                )
            lines[said] = line
        return node


_Reader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str, shown: str) -> object:
    """The values that are written there; `shown` is what an error calls the text.

    Raises Permanent when it is no YAML, a key stands twice, or a value does not fit its tag.
    """
    try:
        found: object = yaml.load(text, _Reader)  # noqa: S506  a safe loader
    except _UNREADABLE as error:
        raise Permanent(f"{shown} is not YAML: {error}") from None
    return found


def read_yaml_file(path: Path) -> object:
    """The values in a file. Raises Permanent, naming it, when it cannot be opened or read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Permanent(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Permanent(f"{path.name} is not YAML: byte {error.start:,} is no UTF-8") from None
    return read_yaml(text, path.name)
