"""What a word of the product is to a page: how it is called, and how serious it is. The words stand elsewhere."""

from typing import NamedTuple

from meschain.web.console.notices import Tone


class Word(NamedTuple):
    """How a page calls a thing, and how the thing stands."""

    label: str
    tone: Tone = "idle"
