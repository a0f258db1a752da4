"""Turns a view into a page. The only place that knows the template engine; templates see the page, the view and words.

Every text is escaped, a name that is not there is an error, and nothing is looked up while a page is written.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from meschain.access.tables import Locale
from meschain.store.ids import new_id
from meschain.web.console.assets import asset
from meschain.web.console.formats import plain
from meschain.web.console.language import LANGUAGES, NAMES, Message, say, translations_of
from meschain.web.console.navigation import menu
from meschain.web.console.places import url
from meschain.web.console.rights_forms import RULE, SPARE_ROWS, matrix
from meschain.web.console.term_kinds import choices_of, kind_of
from meschain.web.console.views.page import Page, View
from meschain.web.console.words import FINDING, word

_NOT_IN_ADDRESSES = frozenset(' "<>\\^`{|}')
TEMPLATES = Path(__file__).parent / "templates"
_FORMATS = (
    "calendar_day",
    "clock",
    "day",
    "exactly",
    "moment",
    "money",
    "names",
    "number",
    "percent",
    "rate",
    "seconds",
    "size",
)


def render(page: Page, view: View) -> str:
    """The whole page."""
    return _environment(page.language).get_template(view.template).render(page=page, view=view)


def render_fragment(page: Page, view: View) -> str:
    """The part of the page that changes while something goes on."""
    return _environment(page.language).get_template(view.fragment).render(page=page, view=view)


@cache
def _environment(language: Locale) -> Environment:
    """The template engine for one language: made once, its templates compiled when they are first used."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.policies["ext.i18n.trimmed"] = True
    cast("Any", environment).install_gettext_translations(translations_of(language), newstyle=True)  # of the extension
    environment.globals |= {
        "LANGUAGES": {code: NAMES[code] for code in LANGUAGES}, "RULE": RULE, "SPARE_ROWS": SPARE_ROWS, "asset": asset,
        "choices_of": choices_of, "kind_of": kind_of, "matrix": matrix, "menu": menu, "new_key": new_id,
        "url": url,
    }  # fmt: skip
    environment.filters |= {name: _by_page(name) for name in _FORMATS}
    environment.filters |= {"plain": plain, "web_address": web_address, "word": word}
    environment.filters["told"] = lambda message: say(language, message)
    environment.filters["found"] = lambda rule, affected, of, message: say(
        language, Message(FINDING[rule].label, {"affected": affected, "of": of}) if rule in FINDING else plain(message)
    )
    return environment


def web_address(text: object) -> bool:
    """Whether a text from outside may become a link: an http(s) address with a host, and nothing that hides another."""
    if not isinstance(text, str) or not text.isprintable() or set(text) & _NOT_IN_ADDRESSES:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _by_page(name: str) -> Callable[..., Any]:
    """The filter that writes a value by the ways of the page."""

    @pass_context
    def write(context: Context, value: object, *more: object) -> Any:  # noqa: ANN401  a text; the engine takes anything
        return getattr(context["page"].formats, name)(value, *more)

    return write
