"""QR codes as pictures that stand in the page itself: nothing is loaded, nothing is written to a file."""

import segno
from markupsafe import Markup


def picture(text: str) -> Markup:
    """The text as an SVG element: black on white whatever the page's colours, since cameras want it so."""
    svg = segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")
    return Markup(svg)  # noqa: S704  segno writes lines and numbers, nothing of the text
