"""The ways in which one row of a feed can be bad. Which dialect can carry which is said by the dialect."""

from enum import IntEnum


class Flaw(IntEnum):
    """What is wrong with a row; the value stands in the ledger's `flaw` column."""

    NONE = 0
    NEGATIVE_PRICE = 1
    AMBIGUOUS_PRICE = 2
    """Such as `2,849,83`: no reading of the marks makes it one number, whatever the locale."""
    GARBAGE_PRICE = 3
    """Words where the price should be."""
    MISSING_SKU = 4
    RAGGED_LINE = 5
    """A row with too few or too many fields, a line broken off in the middle."""
    BAD_CHARSET = 6
    """A byte that the feed's charset does not have. It spoils its row in UTF-8, where characters can be told apart
    again; in a charset of single bytes it shows that the charset is another one, and a strict reader stops."""


PRICE_FLAWS = (Flaw.NEGATIVE_PRICE, Flaw.AMBIGUOUS_PRICE, Flaw.GARBAGE_PRICE)
FIELD_FLAWS = frozenset({*PRICE_FLAWS, Flaw.MISSING_SKU})
"""Flaws that any dialect can carry: the record stays whole."""
LINE_FLAWS = frozenset({*FIELD_FLAWS, Flaw.RAGGED_LINE, Flaw.BAD_CHARSET})
"""Flaws of dialects with a record per line: one bad line leaves the others readable."""
NAMELESS = frozenset({Flaw.MISSING_SKU, Flaw.RAGGED_LINE, Flaw.BAD_CHARSET})
"""Flaws after which nobody can tell for certain which offer the row was about."""
