"""Brings the console's message catalogues up to date with the texts in its code and pages: `make messages`.

A text that is new comes in untranslated, and one that is gone goes out; what was translated stays. Nothing is guessed:
a person translates what is missing, and the tests say what that is.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

CONSOLE = Path(__file__).resolve().parent.parent / "meschain" / "web" / "console"
LOCALES = CONSOLE / "locale"
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {
    "templates/**.html": {"trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"},
}
_KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}
_HEADER = """\
# Messages of the console; `make messages` brings them up to date with its texts.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""What a reader of the file needs; what Babel would write besides changes with the hour."""


def extract() -> Catalog:
    """Every text that the console says, without a translation."""
    found = Catalog(project="MesChain", charset="utf-8")
    for file, line, message, comments, context in extract_from_dir(
        CONSOLE, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        found.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return found


def read(path: Path) -> Catalog:
    """A catalogue as it is."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def write(path: Path, catalogue: Catalog) -> None:
    """The catalogue in the order of its texts, without dates, names and line numbers: it changes only with a text."""
    with path.open("wb") as file:
        file.write(_HEADER.format(language=path.stem, plurals=catalogue.plural_forms).encode())
        write_po(file, catalogue, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True, width=120)


def main() -> int:
    """Update every catalogue; give the number of texts that wait for a translation."""
    template, missing = extract(), 0
    for path in sorted(LOCALES.glob("*.po")):
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        write(path, catalogue)
        waiting = sum(1 for message in catalogue if message.id and not message.string)
        sys.stdout.write(f"{path.name}: {len(catalogue)} texts, {waiting} to translate\n")
        missing += waiting
    return missing


if __name__ == "__main__":
    sys.exit(min(main(), 1))
