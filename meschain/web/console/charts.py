"""Charts as pictures that stand in a page, in the reader's language and in the page's own colours.

The spec is the one that the API gives. A picture is drawn once: for the same numbers it is the same.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from meschain.access.tables import Locale
from meschain.pricing.charts import drawn, margins_chart
from meschain.web.console.language import N_, say

_KEPT = 64
_WORDS = {
    "margin": N_("Cash profit, in per cent of the price without VAT"),
    "offers": N_("Offers"),
    "before": N_("now"),
    "after": N_("then"),
}
_TURKISH = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["₺", ""]}
"""How numbers are written; the drawing library knows English only."""


def margins_picture(bins: Sequence[Mapping[str, Any]], language: Locale) -> Markup | None:
    """How many offers have which margin before and after, as an SVG element; None if there is nothing to draw."""
    return _drawn(json.dumps(bins, sort_keys=True), language) if bins else None


@lru_cache(_KEPT)
def _drawn(bins: str, language: Locale) -> Markup:
    chart = margins_chart(json.loads(bins), {name: say(language, text) for name, text in _WORDS.items()})
    if language == "tr":
        chart["config"]["locale"] = {"number": _TURKISH}
    return Markup(drawn(chart))  # noqa: S704  the drawing library escapes what it writes
