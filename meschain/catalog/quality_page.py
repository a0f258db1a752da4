"""The quality report as a page: one file, no script, nothing loaded from anywhere. Formats; knows no rule."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

_UNSEEN = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0x061C, 0xFEFF)
_PICTURES = {**{code: chr(0x2400 + code) for code in range(32)}, 127: "\u2421"}
_SHOWN = {**_PICTURES, **{code: f"‹U+{code:04X}›" for code in _UNSEEN}}
"""Characters that cannot be seen or that turn the text around them are named: the page does not obey a feed."""


def render(quality: Mapping[str, Any], headline: str) -> str:
    """The page; `quality` is `meschain.catalog.quality.Quality` as a mapping, every text in it is escaped."""
    return _template().render(q=quality, headline=headline)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"count": _count, "moment": _moment, "plain": _plain, "words": _words}
    return environment.from_string(files("meschain.catalog").joinpath("quality.html").read_text(encoding="utf-8"))


def _count(number: int) -> str:
    return f"{number:,}"


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "–"


def _plain(value: object, longest: int = 600) -> str:
    text = str(value)
    return (text if len(text) <= longest else f"{text[:longest]}…").translate(_SHOWN)


def _words(name: str) -> str:
    """`sku_is_unique` → `sku is unique`."""
    return name.replace("_", " ")
