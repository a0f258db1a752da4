"""Desi, the volumetric weight of Turkish carriers: length x width x height in centimetres, divided by 3000."""

from decimal import ROUND_HALF_UP, Decimal

DIVISOR = Decimal(3000)


def desi(length_cm: Decimal, width_cm: Decimal, height_cm: Decimal) -> Decimal:
    """Volumetric weight in desi, to two digits (half up); what a carrier charges rounds it up further by tariff."""
    return (length_cm * width_cm * height_cm / DIVISOR).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
