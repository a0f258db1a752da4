"""GTINs and their check digit, against a slow definition written from the standard's table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import BadRecord
from commerce.gtin import check_digit, parse_gtin

WEIGHTS = {  # GS1 General Specifications, 7.9: position of the digit from the left → multiplier
    8: (3, 1, 3, 1, 3, 1, 3),
    12: (3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3),
    13: (1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3),
    14: (3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3),
}

bodies = st.sampled_from(sorted(WEIGHTS)).flatmap(
    lambda length: st.text("0123456789", min_size=length - 1, max_size=length - 1).filter(lambda body: body.strip("0"))
)
gtins = bodies.map(lambda body: body + str(check_digit(body)))


def reason(text: str) -> str | None:
    try:
        parse_gtin(text)
    except BadRecord as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("8690000000005", "8690000000005"), ("4006381333931", "4006381333931"), ("96385074", "96385074"),
        ("036000291452", "0036000291452"), ("18690000000002", "18690000000002"), ("'8690000000005", "8690000000005"),
        (" 8690000000005 ", "8690000000005"), ("869 0000 000005", "8690000000005"),
        ("978-0-306-40615-7", "9780306406157"), ("", None), ("  ", None), ("'", None),
    ],
)  # fmt: skip
def test_reads(text: str, gtin: str | None) -> None:
    assert parse_gtin(text) == gtin


@pytest.mark.parametrize(
    "text",
    ["8.69E+12", "8,69E+12", "8690000000005.0", "869000000000", "86900000000", "abc", "0000000000000", "00000000",
     "٨٦٩٠٠٠٠٠٠٠٠٠٥", "8690000000005x", "123456789012345"],
)  # fmt: skip
def test_refuses(text: str) -> None:
    assert reason(text) in {"malformed_gtin", "wrong_check_digit"}


def test_says_which_check_digit_it_expected() -> None:
    with pytest.raises(BadRecord) as refusal:
        parse_gtin("1234567890123", "ean")
    assert (refusal.value.reason, refusal.value.expected) == ("wrong_check_digit", "check digit 8")


@given(bodies)
def test_check_digit_is_the_standards(body: str) -> None:
    total = 0
    for digit, weight in zip(body, WEIGHTS[len(body) + 1], strict=True):
        total += int(digit) * weight
    next_ten = total
    while next_ten % 10:
        next_ten += 1
    assert check_digit(body) == next_ten - total


@given(gtins)
def test_a_valid_gtin_is_kept(gtin: str) -> None:
    assert parse_gtin(gtin) == ("0" + gtin if len(gtin) == 12 else gtin)


@given(gtins, st.data())
def test_every_single_wrong_digit_is_noticed(gtin: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(gtin) - 1))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != gtin[place]]))
    assert reason(gtin[:place] + digit + gtin[place + 1 :]) is not None


@given(gtins, st.data())
def test_swapped_neighbours_are_noticed_unless_they_differ_by_five(gtin: str, data: st.DataObject) -> None:
    """What the weights 3 and 1 can do: 2·|a-b| is no multiple of ten unless |a-b| is 0 or 5."""
    place = data.draw(st.integers(0, len(gtin) - 2))
    left, right = gtin[place], gtin[place + 1]
    swapped = gtin[:place] + right + left + gtin[place + 2 :]
    assert (reason(swapped) is None) == (abs(int(left) - int(right)) in {0, 5})
