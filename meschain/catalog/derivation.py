"""What an expression of a profile may be made of: the offer's fields, arithmetic, conditions. It is not evaluated here.

Whoever writes one is not always the operator. A function that makes much out of little (padding, replacing, joining,
series) could fill the memory of whoever tries it; the values that are derived are numbers, which need none of these.
"""

import re

from meschain.catalog.columns import OFFER_SCHEMA

LONGEST = 1_000
_TEXT = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r"[^\W\d]\w*")
_JOINED = "||"
_GRAMMAR = """
    all and any as asc between boolean by case cast date decimal desc distinct double else end escape false
    first float from ilike in int integer is last like not null nulls numeric or order over partition
    precision regexp rlike text then true try_cast varchar when
"""
_FUNCTIONS = """
    abs avg cbrt ceil ceiling coalesce count dense_rank div ends_with exp first_value floor greatest if
    ifnull last_value least left length ln log log10 log2 lower ltrim max median min mod nullif octet_length
    pow power rank regexp_like right round row_number rtrim sign sqrt starts_with stddev strpos substr
    substring sum trim upper variance
"""
_KNOWN = frozenset([*_GRAMMAR.split(), *_FUNCTIONS.split(), *OFFER_SCHEMA])


def find_fault(expression: str) -> str | None:
    """What in the expression is not known here; None if all of it is."""
    if len(expression) > LONGEST:
        return f"it has {len(expression):,} characters, at most {LONGEST:,} are read"
    bare = _TEXT.sub("''", expression)
    if _JOINED in bare:
        return f"{_JOINED} joins texts, and a number is expected"
    unknown = [word for word in _WORD.findall(bare) if word.lower() not in _KNOWN]
    return f"{unknown[0]} is neither a field of an offer nor a function that is known here" if unknown else None
