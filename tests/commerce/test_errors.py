"""Errors that cross a process boundary keep what they know."""

import pickle

import pytest

from commerce.errors import BadRecord, MesChainError, Permanent, Refused, Transient


def test_bad_record_survives_a_process_boundary() -> None:
    error = BadRecord("ambiguous_number", "cost", "1.299", "a number like 1.299,90")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.reason, again.field, again.value, again.expected) == (
        "ambiguous_number", "cost", "1.299", "a number like 1.299,90",
    )  # fmt: skip
    assert str(again) == str(error) == "cost: '1.299' is ambiguous number; expected a number like 1.299,90"


@pytest.mark.parametrize("kind", [Transient, Permanent, Refused])
def test_every_kind_is_ours_and_keeps_its_text(kind: type[MesChainError]) -> None:
    error = pickle.loads(pickle.dumps(kind("feed.csv: line 3 has no end")))  # noqa: S301 - our own bytes
    assert isinstance(error, MesChainError)
    assert (type(error), str(error)) == (kind, "feed.csv: line 3 has no end")
