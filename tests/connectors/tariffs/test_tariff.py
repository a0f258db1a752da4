"""What a parcel costs by a tariff, and when it cannot be said."""

import re
from decimal import Decimal

import pytest

from commerce.errors import Refused
from connectors.tariffs.tariff import cargo_bands, carrier_key
from tests.connectors.tariffs.files import rate

D = Decimal
RATES = (
    rate("Aras Kargo", 5, 0, None, 30), rate("Aras Kargo", 1, 100, None, 20), rate("Aras Kargo", 1, 0, 100, 10),
    rate("Aras Kargo", 2, 0, None, 25), rate("Yurtiçi Kargo", 100, 0, None, 90), rate("PTT", 30, 0, None, 60),
)  # fmt: skip


@pytest.mark.parametrize(
    ("desi", "amounts"),
    [
        (0, [10, 20]), (D("0.01"), [10, 20]), (1, [10, 20]), (D("1.01"), [25]), (2, [25]), (3, [30]), (D("4.99"), [30]),
        (5, [30]), (D("5.00"), [30]),
    ],
)  # fmt: skip
def test_a_parcel_is_charged_as_the_next_higher_row(desi: Decimal | int, amounts: list[int]) -> None:
    assert [amount for _, _, amount in cargo_bands(RATES, "Aras Kargo", desi)] == amounts


def test_the_bands_are_given_from_the_lowest() -> None:
    assert cargo_bands(RATES, "aras KARGO", 1) == [(D(0), D(100), D(10)), (D(100), None, D(20))]


@pytest.mark.parametrize(
    ("carrier", "desi", "told"),
    [
        ("Aras Kargo", 6, "Aras Kargo takes parcels up to 5 desi, not one of 6; up to that weight there are: Yurtiçi"),
        (
            "aras kargo",
            D("5.01"),
            "Aras Kargo takes parcels up to 5 desi, not one of 5.01; up to that weight there are",
        ),
        ("PTT", 31, "PTT takes parcels up to 30 desi, not one of 31; up to that weight there are: Yurtiçi Kargo"),
        ("PTT", 101, "PTT takes parcels up to 30 desi, not one of 101; no other carrier takes it"),
        ("Aras Cargo", 1, "there is no carrier 'Aras Cargo' for a parcel of 1 desi; did you mean Aras Kargo?"),
        ("Yurtiçi", 1, "did you mean Yurtiçi Kargo?"),
        ("UPS", 1, "there are: Aras Kargo, Yurtiçi Kargo, PTT"),
    ],
)
def test_what_cannot_be_carried_is_refused(carrier: str, desi: Decimal | int, told: str) -> None:
    with pytest.raises(Refused, match=re.escape(told)):
        cargo_bands(RATES, carrier, desi)


def test_without_a_tariff_there_is_no_carrier() -> None:
    with pytest.raises(Refused, match="there are: none"):
        cargo_bands((), "PTT", 1)


def test_of_many_carriers_some_are_named() -> None:
    many = [rate(f"Carrier {number}", 1, 0, None, 1) for number in range(15)]
    with pytest.raises(Refused, match=r"Carrier 11 and 3 more$"):
        cargo_bands(many, "zzz", 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [("YURTİÇİ", "yurtiçi"), ("YURTIÇI", "Yurtiçi"), ("Sürat", "Su\u0308rat"), ("DHL E-Commerce", "DHL E-commerce")],
)
def test_capitals_make_no_other_carrier(one: str, other: str) -> None:
    assert carrier_key(one) == carrier_key(other)
    assert carrier_key(one) != carrier_key(f"{other} 2")
