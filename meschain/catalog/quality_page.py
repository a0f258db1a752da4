"""The quality report as a page: one file, no script, nothing loaded from anywhere. Formats; knows no rule."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from commerce.visible import visible


def render(quality: Mapping[str, Any], headline: str) -> str:
    """The page; `quality` is `meschain.catalog.quality.Quality` as a mapping, every text in it is escaped."""
    return _template().render(q=quality, headline=headline)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"count": _count, "moment": _moment, "plain": visible, "words": _words}
    return environment.from_string(files("meschain.catalog").joinpath("quality.html").read_text(encoding="utf-8"))


def _count(number: int) -> str:
    return f"{number:,}"


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "–"


def _words(name: str) -> str:
    """`sku_is_unique` → `sku is unique`."""
    return name.replace("_", " ")
