"""Calculators that stay open: lent to one at a time, never too many, none that is broken, none after the end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import duckdb
import pytest

from commerce.errors import Refused, Transient
from tests.warehouse.test_prices import EVERY, ONE_BAND, WORKED
from warehouse.calculator import Calculator
from warehouse.calculators import Calculators
from warehouse.margins import Target


def asked(calculator: Calculator) -> Decimal | None:
    return calculator.lowest_price(WORKED, Target(Decimal(0)), EVERY, ONE_BAND)


def test_one_is_used_again_and_two_at_once_are_two() -> None:
    pool = Calculators()
    with pool.lend() as first:
        assert asked(first) == Decimal("469.19")
    with pool.lend() as one, pool.lend() as two:
        assert one is first is not two
        assert asked(two) == Decimal("469.19")
    pool.close()
    for closed in (one, two):
        with pytest.raises(duckdb.Error):
            asked(closed)


def test_whoever_comes_when_all_are_in_use_waits_and_is_told_in_the_end() -> None:
    pool = Calculators(1, wait_seconds=0.05)
    with pool.lend(), pytest.raises(Transient, match="try again in a moment"), pool.lend():
        pass
    pool = Calculators(1, wait_seconds=60)
    held, told = threading.Event(), list[object]()

    def wait() -> None:
        held.wait()
        with pool.lend() as got:
            told.append(got)

    waiting = threading.Thread(target=wait)
    waiting.start()
    with pool.lend() as mine:
        held.set()
        assert told == []
    waiting.join()
    assert told == [mine]
    pool.close()


def test_an_error_of_ours_keeps_it_and_one_of_the_database_does_not() -> None:
    pool = Calculators()
    with pytest.raises(Refused), pool.lend() as first:
        raise Refused("not so")
    with pytest.raises(duckdb.Error), pool.lend() as again:
        raise duckdb.Error("it broke")
    assert again is first
    with pool.lend() as other:
        assert other is not first
        assert asked(other) == Decimal("469.19")
    with pytest.raises(duckdb.Error):
        asked(first)
    pool.close()


def test_one_that_is_lent_at_the_end_is_closed_when_it_comes_back() -> None:
    pool = Calculators()
    with pool.lend() as late:
        pool.close()
        assert asked(late) == Decimal("469.19")
    with pytest.raises(duckdb.Error):
        asked(late)


def test_many_threads_get_their_own_answers() -> None:
    pool, open_at_once = Calculators(2), set[int]()

    def answer(target: int) -> Decimal | None:
        with pool.lend() as lent:
            open_at_once.add(id(lent))
            return lent.lowest_price(WORKED, Target(Decimal(target)), EVERY, ONE_BAND)

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(answer, [0, 60] * 12))
    assert found == [Decimal("469.19"), Decimal("554.89")] * 12
    assert len(open_at_once) <= 2
    pool.close()
