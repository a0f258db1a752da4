"""Chance by counting: the same everywhere, evenly spread, and check digits that agree with the house's own reader."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.gtin import check_digit, parse_gtin
from meschain.sandbox.draws import draw, permuted, pick, sample, spread
from meschain.sandbox.gtins import MOST_ITEMS, check_digits, gtins

SEEDS = st.integers(0, 2**64 - 1)


def test_draws_are_pinned():
    """Figures worked out once: whoever sees others would write other feeds from the same seed."""
    assert draw(7, "price", np.arange(3)).tolist() == [5658476088631791489, 13826309910998313968, 14999174106887479555]


@given(SEEDS, st.integers(1, 400))
def test_a_draw_depends_on_its_key_only(seed: int, n: int):
    keys = np.arange(n)
    assert np.array_equal(draw(seed, "a", keys)[::-1], draw(seed, "a", keys[::-1]))
    assert not np.array_equal(draw(seed, "a", keys), draw(seed, "b", keys))


@given(SEEDS, st.integers(1, 1000))
def test_pick_stays_below_its_choices(seed: int, choices: int):
    picked = pick(seed, "x", np.arange(500), choices)
    assert picked.min() >= 0
    assert picked.max() < choices


@given(SEEDS, st.integers(0, 10**7), st.integers(0, 10**7))
def test_spread_stays_within_its_bounds(seed: int, low: int, high: int):
    n = 300
    drawn = spread(seed, "x", np.arange(n), np.full(n, low), np.full(n, high))
    assert drawn.min() >= max(low, 1)
    assert drawn.max() <= max(low, high, 1)


def test_spread_gives_every_doubling_its_part():
    n = 40_000
    drawn = spread(1, "x", np.arange(n), np.full(n, 100), np.full(n, 1600))
    parts = np.histogram(drawn, [100, 200, 400, 800, 1601])[0] / n
    assert parts == pytest.approx([0.25] * 4, abs=0.01)


@given(SEEDS, st.sampled_from([10**7, 10**9, MOST_ITEMS]), st.integers(1, 2000))
def test_permuted_numbers_are_all_different(seed: int, modulus: int, n: int):
    numbers = permuted(seed, "x", np.arange(n), modulus)
    assert len(np.unique(numbers)) == n
    assert numbers.min() >= 0
    assert numbers.max() < modulus


def test_permuted_refuses_keys_it_would_mix_up():
    with pytest.raises(ValueError, match="keys for code must lie from 0 to 9"):
        permuted(1, "code", np.array([10]), 10)


@given(SEEDS, st.integers(0, 50))
def test_a_sample_has_its_size_and_no_place_twice(seed: int, count: int):
    places = sample(seed, "x", np.arange(50), count)
    assert len(set(places.tolist())) == count
    assert places.tolist() == sorted(places.tolist())


def test_a_sample_larger_than_its_population_is_refused():
    with pytest.raises(ValueError, match="sample of 4 out of 3"):
        sample(1, "x", np.arange(3), 4)


@given(st.integers(1, 10**13 - 1))
def test_check_digits_agree_with_the_reader(body: int):
    assert check_digits(np.array([body]))[0] == check_digit(str(body))


@settings(max_examples=30)
@given(SEEDS, st.integers(0, MOST_ITEMS - 200))
def test_gtins_are_valid_and_different(world: int, first: int):
    items = np.arange(first, first + 200)
    numbers = gtins(world, items, np.full(200, 869)).drop_nulls().to_list()
    assert [parse_gtin(number) for number in numbers] == [
        number.zfill(13) if len(number) == 12 else number for number in numbers
    ]
    assert len(set(numbers)) == len(numbers) <= 200
