"""The languages of the console: which one a page speaks, and its messages.

English is what the code says; every other language is `locale/<language>.po`, read once and compiled nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from meschain.access.tables import Locale

LANGUAGES: tuple[Locale, ...] = get_args(Locale)
SOURCE: Locale = "en"
"""The language of the messages in the code."""
HOME: Locale = "tr"
"""The language of whoever did not say."""
NAMES: dict[Locale, str] = {"en": "English", "tr": "Türkçe"}
"""What each language calls itself."""
LOCALES = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be said in the reader's language: a text of the catalogue, and what stands in it as `%(name)s`."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)


def N_(text: str) -> str:  # noqa: N802  the name by which gettext knows a text that is translated later
    """The text as it is: marked, so that the catalogue has it."""
    return text


def choose_language(setting: str | None, accepted: str = "") -> Locale:
    """The user's own setting, else the best of an Accept-Language header, else Turkish."""
    for language in (setting, *_by_preference(accepted)):
        if language in LANGUAGES:
            return language
    return HOME


def _by_preference(accepted: str) -> list[str]:
    """The primary languages of an Accept-Language header, the best first; what cannot be read counts as not said."""
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if 0 < quality <= 1:
            weighed.append((quality, name.strip().lower().partition("-")[0]))
    return [name for _, name in sorted(weighed, key=lambda each: -each[0])]


@cache
def translations_of(language: Locale) -> NullTranslations:
    """The messages of a language."""
    if language == SOURCE:
        return NullTranslations()
    with (LOCALES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def say(language: Locale, message: Message | str) -> str:
    """The message in that language. A bare text is translated if the catalogue has it, and stays as it is if not."""
    text = message if isinstance(message, str) else message.text
    said = translations_of(language).gettext(text) if text else ""
    return said if isinstance(message, str) or not message.values else said % message.values
