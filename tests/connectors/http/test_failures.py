"""Statuses and Retry-After become the right kind of error, with advice, and survive a process border."""

import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent, Transient
from connectors.http.failures import HttpPermanent, HttpTransient, NotAsked, of_status, of_wire, seconds_of


@given(st.integers(100, 599))
def test_every_status_has_one_kind(status):
    error = of_status(status, "GET http://h/", "", "")
    passing = status in (408, 425, 429) or status >= 500
    assert isinstance(error, Transient if passing else Permanent)
    assert error.status == status
    assert f"GET http://h/: the server answered {status}" in str(error)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "password"), (403, "rights"), (404, "address"), (410, "new address")]
)
def test_what_a_person_can_do_is_said(status, advice):
    assert advice in str(of_status(status, "GET http://h/", "said so", ""))
    assert 'it says: "said so"' in str(of_status(status, "GET http://h/", "said so", ""))


def test_retry_after_in_seconds_and_as_a_date():
    assert seconds_of(" 17 ") == 17
    assert seconds_of("9" * 4000) == 999_999_999
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < seconds_of(soon) <= 60
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@given(st.text())
def test_any_retry_after_is_a_wait_or_nothing(text):
    wait = seconds_of(text)
    assert wait is None or wait >= 0


@pytest.mark.parametrize("nothing", ["", "soon", "-5", "1.5", "²", "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_an_unreadable_retry_after_is_none(nothing):
    assert seconds_of(nothing) is None


@pytest.mark.parametrize(
    "error",
    [
        HttpTransient("a", status=503, retry_after=2.0, sent=False),
        NotAsked("b", sent=False, retry_after=3.0),
        HttpPermanent("c", status=404),
    ],
)
def test_errors_cross_a_process_border(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    ("error", "sent", "words"),
    [
        (httpcore.ConnectError("refused"), False, "no connection"),
        (httpcore.ConnectTimeout("late"), False, "no connection"),
        (httpcore.PoolTimeout(), False, "no connection became free"),
        (httpcore.ReadTimeout(), True, "fell silent after 5 of 9 bytes"),
        (httpcore.ReadError("reset"), True, "ended after 5 of 9 bytes"),
    ],
)
def test_whether_a_write_may_have_happened_is_known(error, sent, words):
    failure = of_wire(error, "POST http://h/", "5 of 9 bytes", str)
    assert isinstance(failure, HttpTransient)
    assert failure.sent is sent
    assert words in str(failure)
