"""An entry's leaf as text: canonical JSON of what `Act.body` says, written without building that first. Pure."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from meschain.audit.canonical import canonical
from meschain.audit.rules import Act

# Fields stand in the order of their names, as canonical JSON has them.


class _By(msgspec.Struct):
    id: str
    kind: str


class _Commitment(msgspec.Struct):
    commitment: str
    subject: str


class _Leaf(msgspec.Struct):
    actor: _By
    after: msgspec.Raw
    at: str
    before: msgspec.Raw
    commitments: list[_Commitment]
    flow_run: str | None
    index: int
    request: str | None
    sequence: int | None
    tag: str
    target: str
    tenant: str | None


_ENCODER = msgspec.json.Encoder()
_NOTHING = msgspec.Raw(b"null")


def write_leaf(
    act: Act, index: int, sequence: int | None, at: datetime, commitments: Sequence[tuple[str, str]]
) -> bytes:
    """The leaf of an act at its place; `commitments` are subjects and what is committed to of each.

    Refused, as `canonical` does, when the act says something that cannot be written in one way only.
    """
    actor = act.actor
    leaf = _Leaf(
        _By(actor.id, actor.kind),
        _raw(act.after),
        at.isoformat(timespec="microseconds"),
        _raw(act.before),
        [_Commitment(value, subject) for subject, value in commitments],
        actor.flow_run_id,
        index,
        actor.request_id,
        sequence,
        act.tag.value,
        act.target,
        act.tenant_id,
    )
    try:
        return _ENCODER.encode(leaf)
    except UnicodeEncodeError:  # told by its place
        told = [{"subject": subject, "commitment": value} for subject, value in commitments]
        return canonical(act.body(index, sequence, at, told)).encode()


def _raw(value: object) -> msgspec.Raw:
    return _NOTHING if value is None else msgspec.Raw(canonical(value).encode())
