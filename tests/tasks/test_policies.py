"""What is tried again: what passes by itself, and nothing else."""

import pytest

import tests.prefect_server  # noqa: F401  Prefect's settings come before Prefect
from commerce.errors import BadRecord, Permanent, Refused, Transient
from meschain.store.exclusion import Busy
from tasks import policies


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Transient("the server is away"), True),
        (Permanent("the password is wrong"), False),
        (Refused("no"), False),
        (Busy("another run"), False),
        (BadRecord("bad", "cost", "x", "a number"), False),
        (ZeroDivisionError(), False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error, again):
    from prefect.states import Failed  # noqa: PLC0415  as above

    assert policies.is_transient(None, None, Failed(data=error)) is again


def test_every_policy_has_a_condition_or_tries_once():
    for policy in (policies.EXTERNAL, policies.WAREHOUSE):
        assert policy["retry_condition_fn"] is policies.is_transient
        assert policy["retries"] > 0
    assert "retries" not in policies.NONE


def test_outside_is_given_more_time_at_every_attempt():
    delays = policies.EXTERNAL["retry_delay_seconds"](policies.EXTERNAL["retries"])
    assert delays == sorted(set(delays))
    assert policies.EXTERNAL["retry_jitter_factor"] > 0
