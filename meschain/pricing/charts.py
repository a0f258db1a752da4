"""Charts of what-ifs as Vega-Lite, and drawn: the page shows what the API gives. Computes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_VERSION = "6.4"
_INK = "currentColor"
"""Of the page: its own colour of text, so that a drawing stands in a dark page as well."""


def margins_chart(bins: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> dict[str, Any]:
    """How many offers have which net margin before and after, as bars side by side, one panel for each channel.

    `words` says `margin`, `offers`, `before` and `after` in the reader's language.
    """
    rows = [
        {"channel": row["channel"], "scenario": words[row["scenario"]], "bin": row["bin"], "offers": row["offers"]}
        for row in bins
    ]
    colours = {"domain": [words["before"], words["after"]], "range": ["#8a94a6", "#d9730d"]}
    return {
        "$schema": SCHEMA,
        "data": {"values": rows},
        "facet": {"row": {"field": "channel", "type": "nominal", "title": None}},
        "spec": {
            "width": 560,
            "height": 140,
            "mark": {"type": "bar"},
            "encoding": {
                "x": {"field": "bin", "type": "ordinal", "title": words["margin"], "axis": {"labelAngle": 0}},
                "xOffset": {"field": "scenario", "type": "nominal", "sort": colours["domain"]},
                "y": {"field": "offers", "type": "quantitative", "title": words["offers"]},
                "color": {"field": "scenario", "type": "nominal", "title": None, "scale": colours},
            },
        },
        "config": {
            "background": "transparent",
            "view": {"stroke": None},
            "axis": {
                "labelColor": _INK,
                "titleColor": _INK,
                "domainColor": _INK,
                "tickColor": _INK,
                "gridOpacity": 0.2,
            },
            "legend": {"labelColor": _INK, "orient": "top"},
            "header": {"labelColor": _INK, "labelFontWeight": "bold"},
            "font": "system-ui, sans-serif",
        },
    }


def drawn(chart: Mapping[str, Any]) -> str:
    """The chart as SVG. Everything it shows is within it: nothing is fetched."""
    return str(vl_convert.vegalite_to_svg(dict(chart), vl_version=_VERSION, allowed_base_urls=[]))
