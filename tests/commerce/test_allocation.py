"""An amount divided into parts: nothing is lost, nothing is gained, and every part is near its share."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.allocation import allocate

D = Decimal
weights = st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("amount", "shares", "currency", "parts"),
    [
        ("10.00", [1, 1, 1], "TRY", ["3.34", "3.33", "3.33"]), ("83.93", [600, 40], "TRY", ["78.68", "5.25"]),
        ("-10.00", [1, 1, 1], "TRY", ["-3.33", "-3.33", "-3.34"]), ("100", [1, 2], "JPY", ["33", "67"]),
        ("1.000", [1, 1, 1], "KWD", ["0.334", "0.333", "0.333"]), ("5.00", [0, 0], "TRY", ["2.50", "2.50"]),
    ],
)  # fmt: skip
def test_known_parts(amount, shares, currency, parts):
    assert allocate(D(amount), [D(share) for share in shares], currency) == [D(part) for part in parts]


@given(units=st.integers(-(10**12), 10**12), weights=weights, currency=st.sampled_from(["TRY", "JPY", "KWD"]))
def test_the_parts_are_the_whole_and_near_their_shares(units, weights, currency):
    unit = {"TRY": D("0.01"), "JPY": D(1), "KWD": D("0.001")}[currency]
    amount = units * unit
    parts = allocate(amount, weights, currency)
    assert sum(parts) == amount
    total = sum(weights) or len(weights)
    for part, weight in zip(parts, weights if sum(weights) else [D(1)] * len(weights), strict=True):
        exact = Fraction(amount) * Fraction(weight) / Fraction(total)
        assert abs(Fraction(part) - exact) < Fraction(unit)
        assert part % unit == 0


@pytest.mark.parametrize(("amount", "weights"), [("0.005", [1]), ("1.00", []), ("1.00", [1, -1])])
def test_what_cannot_be_divided_is_refused(amount, weights):
    with pytest.raises(ValueError, match=r"minor units|weight"):
        allocate(D(amount), [D(weight) for weight in weights], "TRY")
