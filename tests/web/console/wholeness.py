"""What is true of every page of the console, whatever is on it."""

import re
from collections import Counter

from lxml import html

from meschain.web.console.places import ACTS, BASE

STARTS = (
    "approve-run", "ask-what-if", "compute-margins", "compute-what-if", "preview-price-rules", "refresh-prices",
    "refresh-rates", "retry-quarantine", "retry-trigger", "roll-back-run", "start-flow", "test-supplier",
)  # fmt: skip
"""Acts that have a flow run."""
_STARTING = re.compile("|".join(BASE + re.sub(r"{\w+}", "[^/]+", ACTS[name]) for name in STARTS))


def check(page: html.HtmlElement, where: str) -> None:
    """What is true of every page."""
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), (where, [one for one, count in Counter(ids).items() if count > 1])
    for label in page.xpath("//label[@for]"):
        assert label.get("for") in ids, (where, label.get("for"))
    named = page.xpath("//input[not(@type='hidden')] | //select | //textarea")
    for field in named:
        has = page.xpath(f"//label[@for='{field.get('id')}']") or field.getparent().tag == "label"
        assert has or field.get("aria-label") or field.get("aria-hidden"), (where, html.tostring(field))
    for form in page.forms:
        token = form.xpath(".//input[@name='csrf_token']")
        assert bool(token) == (form.method == "POST"), (where, form.action)
        if form.method == "POST" and _STARTING.fullmatch(str(form.action)):
            assert form.xpath("string(.//input[@name='idempotency_key']/@value)"), (where, form.action)
    for described in page.xpath("//@aria-describedby | //@aria-labelledby"):
        assert set(described.split()) <= set(ids), (where, described)
    assert page.xpath("count(//h1)") == 1, where
    assert page.xpath("count(//main)") == 1, where
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //@*[starts-with(name(), 'on')]"), where
    assert not [link for link in page.xpath("//@href | //@src | //@action") if link.startswith("javascript:")], where
    assert page.xpath("string(//title)").strip(), where
