"""The ids of rows are UUIDs of version 7 that sort as they were made, also over threads and forks."""

import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.store import ids
from meschain.store.ids import new_id


@given(count=st.integers(2, 300))
def test_ids_of_one_process_sort_as_they_were_made(count: int) -> None:
    made = [new_id() for _ in range(count)]
    assert made == sorted(made)
    assert len(set(made)) == count


def test_an_id_is_a_version_7_uuid_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after + 1


@given(counters=st.lists(st.integers(0, 2**42 - 1), min_size=1, max_size=20), jump=st.integers(-5_000, 5_000))
def test_order_holds_when_the_clock_jumps_and_the_counter_runs_over(counters: list[int], jump: int) -> None:
    clock = ids._Clock()
    last = (0, 0)
    for counter in counters:
        clock._millisecond = max(clock._millisecond, time.time_ns() // 1_000_000 + jump)
        clock._counter = max(counter, last[1] if clock._millisecond == last[0] else 0)
        ticked = clock.tick()
        assert ticked > last
        assert ticked[1] < 2**42
        last = ticked


def test_threads_never_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(2_000)], range(8)))
    assert len({made for batch in batches for made in batch}) == 16_000
    assert all(batch == sorted(batch) for batch in batches)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_makes_ids_of_its_own() -> None:
    new_id()
    reader, writer = os.pipe()
    with ids._clock._lock:  # as if another thread were making an id at this moment
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a child that waits for its parent's lock would wait for ever
            os.write(writer, " ".join(new_id() for _ in range(50)).encode())
            os._exit(0)
    mine = {new_id() for _ in range(50)}
    os.close(writer)
    with os.fdopen(reader) as pipe:
        theirs = set(pipe.read().split())
    assert os.waitpid(child, 0)[1] == 0
    assert len(theirs) == 50
    assert mine.isdisjoint(theirs)
