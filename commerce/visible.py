"""Foreign text on a page of ours: characters that cannot be seen, or turn the text around them, are named."""

import re
from html import escape

_UNSEEN = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0x061C, 0xFEFF)
_PICTURES = {**{code: chr(0x2400 + code) for code in range(32)}, 127: "\u2421"}
_SHOWN = {**_PICTURES, **{code: f"‹U+{code:04X}›" for code in _UNSEEN}}
_MARKS = re.compile(r"([!-%'-+./:;=?@\[-`{-~])")
"""ASCII punctuation; comma and hyphen mean nothing in the middle of a Markdown line, HTML's own become entities."""


def visible(value: object, longest: int = 600) -> str:
    """The value as text in one line that obeys nobody; cut when it is longer. HTML has to be escaped all the same."""
    text = str(value)
    return (text if len(text) <= longest else f"{text[:longest]}…").translate(_SHOWN)


def markdown(value: object, longest: int = 600) -> str:
    """The value as text within a line or a table's cell of Markdown, where nothing of it is markup, link or HTML."""
    return escape(_MARKS.sub(r"\\\1", visible(value, longest)), quote=False)
