"""Workers: what they give, what they raise, how they are stopped, and what becomes of one that dies."""

import asyncio
import logging
import time

import pytest

from commerce.errors import BadRecord, Permanent, Refused, Transient
from meschain.settings import variable_of
from meschain.store.exclusion import Busy
from tasks.crew import Counter, Crew
from tests.tasks import chores


@pytest.fixture(scope="module")
def crew():
    """Two workers for all tests of this module."""
    crew = Crew(2)
    yield crew
    crew.end()


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv(variable_of("home"), str(home))


def do(crew, job, **arguments):
    return asyncio.run(crew.do(job, **arguments))


def test_a_job_is_done_in_a_house_of_its_settings(crew, home):
    assert do(crew, chores.where) == home


def test_workers_are_kept_and_there_are_no_more_than_allowed(crew):
    async def many():
        return await asyncio.gather(*(crew.do(chores.who, seconds=0.05) for _ in range(8)))

    assert len(set(asyncio.run(many()))) <= 2
    assert do(crew, chores.who) in asyncio.run(many())


@pytest.mark.parametrize(
    ("raised", "kind"),
    [(Transient, Transient), (Permanent, Permanent), (Refused, Refused), (Busy, Busy), (BadRecord, Permanent)],
)
def test_errors_keep_their_kind_and_their_words(crew, raised, kind):
    with pytest.raises(kind, match="the feed is bad") as caught:
        do(crew, chores.fail, kind=raised.__name__)
    assert type(caught.value) is kind


def test_something_unforeseen_is_told_and_logged(crew, caplog):
    with pytest.raises(RuntimeError, match=r"something unforeseen happened, see the log: ZeroDivisionError"):
        do(crew, chores.divide)
    assert "in divide" in caplog.text


def test_log_and_progress_come_through(crew, caplog):
    counter = Counter()
    with caplog.at_level(logging.INFO):
        do(crew, chores.count, counter=counter, to=3)
    assert counter.rows == 3
    assert ("meschain.test", logging.INFO, "counted 3 %s") in caplog.record_tuples


def test_a_cancelled_job_stops_at_its_next_row_and_is_awaited(crew, tmp_path):
    counter = Counter()

    async def cancelled() -> None:
        running = asyncio.ensure_future(crew.do(chores.write, counter=counter, path=tmp_path / "rows"))
        while counter.rows < 3:  # noqa: ASYNC110  it is another process that counts
            await asyncio.sleep(0.01)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    written = (tmp_path / "rows").read_text()
    assert "stopped: The run was ended from outside after " in written
    time.sleep(0.2)
    assert (tmp_path / "rows").read_text() == written


def test_a_worker_that_dies_takes_only_its_own_job_along(crew):
    async def both():
        return await asyncio.gather(crew.do(chores.die), crew.do(chores.who, seconds=0.3), return_exceptions=True)

    died, lived = asyncio.run(both())
    assert isinstance(died, Permanent)
    assert "it was killed, perhaps because memory ran out" in str(died)
    assert isinstance(lived, int)
    assert do(crew, chores.who) > 0


def test_idle_workers_give_their_memory_back(crew):
    async def many():
        return await asyncio.gather(*(crew.do(chores.who, seconds=0.2) for _ in range(2)))

    assert len(set(asyncio.run(many()))) == 2
    crew._retire()
    assert len(crew._idle) == 1
