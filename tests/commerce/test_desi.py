"""Volumetric weight: cubic centimetres by 3000."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.desi import desi


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        (("30", "20", "5"), "1.00"),
        (("40", "30", "20"), "8.00"),
        (("1", "1", "15"), "0.01"),
        (("1", "1", "14.9"), "0.00"),
        (("10", "10", "10"), "0.33"),
    ],
)
def test_known_boxes(sides: tuple[str, str, str], expected: str) -> None:
    length, width, height = map(Decimal, sides)
    assert desi(length, width, height) == Decimal(expected)


side = st.decimals(0, 500, places=2)


@given(side, side, side)
def test_to_two_digits_half_up(length: Decimal, width: Decimal, height: Decimal) -> None:
    exact = Fraction(length) * Fraction(width) * Fraction(height) / 3000
    hundredths, rest = divmod(exact * 100, 1)
    assert Fraction(desi(length, width, height)) * 100 == hundredths + (rest >= Fraction(1, 2))
