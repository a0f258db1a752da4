"""Divides an amount into parts that add up to it again, to the last minor unit. Pure arithmetic."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from commerce.currency import minor_digits


def allocate(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """The amount in parts as the weights are to each other: each a whole number of minor units, their sum the amount.

    No part is a minor unit or more away from its exact share; what rounding leaves over goes to the largest remainders
    (Hamilton's method), of equal ones to the first. With no weight above zero all parts are alike. Raises ValueError
    for no parts, for a negative weight, and for an amount that is no whole number of minor units.
    """
    if not weights or min(weights) < 0:
        raise ValueError("expected at least one weight, and none below zero")
    unit = Decimal(1).scaleb(-minor_digits(currency))
    units = Fraction(amount) / Fraction(unit)
    if units.denominator != 1:
        raise ValueError(f"{amount} {currency} is no whole number of minor units")
    total = sum(map(Fraction, weights))
    shares = [units * Fraction(weight) / total if total else units / len(weights) for weight in weights]
    floors = [floor(share) for share in shares]
    left = int(units) - sum(floors)
    largest = sorted(range(len(shares)), key=lambda place: (floors[place] - shares[place], place))[:left]
    return [(whole + (place in largest)) * unit for place, whole in enumerate(floors)]
