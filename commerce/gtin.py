"""GS1 trade item numbers: GTIN-8, -12, -13 and -14, with their check digit (GS1 General Specifications, 7.9)."""

from commerce.errors import BadRecord

_LENGTHS = (8, 12, 13, 14)


def check_digit(body: str) -> int:
    """Check digit of a GTIN's digits without it: weights 3, 1, 3, … from the right, complement to ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -total % 10


def parse_gtin(text: str, field: str = "gtin") -> str | None:
    """The GTIN written in `text`, None if blank; twelve digits (UPC) become a GTIN-13 with a leading zero.

    A leading apostrophe and inner blanks or hyphens, as spreadsheets leave them, are dropped.
    Raises BadRecord: malformed_gtin (not 8, 12, 13 or 14 digits, or a rounded number like 8.69E+12), wrong_check_digit.
    """
    bare = text.strip().lstrip("'").replace(" ", "").replace("-", "")
    if not bare:
        return None
    if not (bare.isascii() and bare.isdigit()) or len(bare) not in _LENGTHS or not bare.strip("0"):
        raise BadRecord("malformed_gtin", field, text, "8, 12, 13 or 14 digits")
    if int(bare[-1]) != check_digit(bare[:-1]):
        raise BadRecord("wrong_check_digit", field, text, f"check digit {check_digit(bare[:-1])}")
    return bare.zfill(13) if len(bare) == 12 else bare
