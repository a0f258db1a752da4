"""Reads a number as a person wrote it, in a known or unknown locale. An ambiguous text is an error, never a guess.

`parse_decimal` is the definition; anything faster elsewhere has to agree with it.
"""

import re
from decimal import Decimal
from typing import Literal

from commerce.currency import strip_currency
from commerce.errors import BadRecord

DecimalMark = Literal[",", "."]

SCALE = 4
"""Digits kept behind the decimal mark: DECIMAL(18,4)."""
INTEGER_DIGITS = 14

BLANKS = "\u0020\u00a0\u202f\u2009"
"""What may stand between groups of thousands."""
_GROUP = {",": r"\.", ".": ","}
_DECLARED = {  # no group of thousands follows a zero: 0.500 is a half, or nothing
    mark: re.compile(rf"(?:\d+|[1-9]\d{{0,2}}(?:(?:{_GROUP[mark]}\d{{3}})+|(?: \d{{3}})+))(?:{re.escape(mark)}\d+)?")
    for mark in (",", ".")
}
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_EXPECTED = {
    ",": "a number like 1.299,90 (decimal comma)",
    ".": "a number like 1,299.90 (decimal point)",
    None: "a number whose decimal mark is certain, like 1299,90 or 1.299,90; or a profile that declares `decimal`",
}


def parse_decimal(
    text: str, field: str = "number", decimal: DecimalMark | None = None, *, signed: bool = False
) -> Decimal | None:
    """The number written in `text`, exactly; None if it is blank.

    A currency symbol or code around the number and blanks between groups of thousands are allowed. Without a declared
    decimal mark, `1.299` and `12,000` could each mean two numbers and are refused as `ambiguous_number`.
    A negative number is refused unless `signed`.
    Raises BadRecord: ambiguous_number, malformed_number, negative_number, number_too_precise, number_too_large.
    """
    blank_free = text.translate({ord(blank): " " for blank in BLANKS}).strip()
    if not blank_free:
        return None
    bare = strip_currency(blank_free)
    negative = bare.startswith(("-", "\u2212"))
    bare = bare[1:].strip() if negative else bare
    mark = decimal or _mark_of(bare)
    if mark is None:
        raise BadRecord("ambiguous_number", field, text, _EXPECTED[None])
    if not bare.isascii() or not _DECLARED[mark].fullmatch(bare):
        raise BadRecord("malformed_number", field, text, _EXPECTED[decimal])
    whole, _, fraction = bare.replace(" ", "").replace("." if mark == "," else ",", "").partition(mark)
    if len(fraction.rstrip("0")) > SCALE:
        raise BadRecord("number_too_precise", field, text, f"at most {SCALE} digits behind the decimal mark")
    if len(whole.lstrip("0")) > INTEGER_DIGITS:
        raise BadRecord("number_too_large", field, text, f"at most {INTEGER_DIGITS} digits before the decimal mark")
    number = Decimal(f"{whole}.{fraction}" if fraction else whole)
    if negative and number and not signed:
        raise BadRecord("negative_number", field, text, "a number that is not negative")
    return -number if negative else number


def _mark_of(bare: str) -> DecimalMark | None:
    """The only decimal mark under which `bare` is one number; None if there are two such readings."""
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        return "," if bare.rfind(",") > bare.rfind(".") else "."
    if not commas and not points:
        return "."
    if commas + points > 1:
        return "." if commas else ","
    if _EITHER.fullmatch(bare):
        return None
    return "," if commas else "."
