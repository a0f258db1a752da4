"""Reads YAML that a person wrote into a form as any other is read, without what could keep a reader busy."""

import yaml

from commerce.errors import Permanent
from connectors import written

_LONGEST, _DEEPEST = 50_000, 20


class Faults(Exception):
    """What was written is not what was asked for; each fault in a sentence."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_yaml(body: str, what: str) -> object:
    """The values that are written there; `what` names the whole, such as `a profile`. Raises Faults."""
    try:
        _check_shape(body, what)
        return written.read_yaml(body, "this")
    except yaml.YAMLError as error:
        raise Faults((f"this is not YAML: {error}",)) from None
    except Permanent as error:
        raise Faults((str(error),)) from None


def _check_shape(body: str, what: str) -> None:
    """Refuse what takes a reader long, or all of its stack."""
    if len(body) > _LONGEST:
        raise Faults((f"{what} has {_LONGEST} characters at most, this has {len(body)}",))
    depth = 0
    for event in yaml.parse(body, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise Faults(("references (*name) are not read here; write out what they stand for",))
        if depth > _DEEPEST:
            raise Faults((f"lists and mappings are nested at most {_DEEPEST} deep in {what}",))
