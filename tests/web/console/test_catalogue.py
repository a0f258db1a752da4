"""The catalogues hold every text of the console, each translated, and say what the text says with the same parts."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry

from commerce.errors import Refused
from meschain.access import account, authentication, links, login, members, passwords, sessions, users
from meschain.access.permissions import Permission
from meschain.access.roles import builtin_roles, describe_role
from meschain.web import problems
from meschain.web.console import cookies, sentences
from meschain.web.console.language import LANGUAGES, SOURCE, Message, say, translations_of

DEPLOY = Path(__file__).parents[3] / "deploy"
SAME = {"Desi"}
"""Words that are the same in both languages."""
CATALOGUES = [language for language in LANGUAGES if language != SOURCE]
_PLACEHOLDER = re.compile(r"%\(\w+\)s")
_MARK = re.compile(r"</?[a-z][^>]*>|&#?\w+;|`[^`]*`")


def _load(path: Path) -> ModuleType:
    spec = spec_from_file_location("messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MESSAGES = _load(DEPLOY / "messages.py")


def _catalogue(language: str) -> Catalog:
    found: Catalog = MESSAGES.read(MESSAGES.LOCALES / f"{language}.po")
    return found


def _entries(catalogue: Catalog) -> dict[object, Entry]:
    return {entry.id: entry for entry in catalogue if entry.id}


def _forms(entry: Entry) -> Iterator[tuple[str, str]]:
    """The text and its translation, for each form of a plural."""
    ids, strings = (entry.id, entry.string) if entry.pluralizable else ((entry.id,), (entry.string,))
    yield from zip(ids, strings, strict=True)


def _pairs(language: str) -> list[tuple[str, str]]:
    return [pair for entry in _entries(_catalogue(language)).values() for pair in _forms(entry)]


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_catalogue_has_every_text_and_no_other(language):
    known, said = _entries(_catalogue(language)), _entries(MESSAGES.extract())
    assert len(said) > 500
    assert said.keys() - known.keys() == set(), "run `make messages` and translate what it adds"
    assert known.keys() - said.keys() == set(), "run `make messages`: these texts are gone"
    assert {entry.id for entry in known.values() if entry.fuzzy} == set()
    assert dict(_catalogue(language).obsolete) == {}


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_is_translated(language):
    pairs = _pairs(language)
    assert [text for text, said in pairs if not said.strip()] == []
    assert {text for text, said in pairs if said == text} == SAME


@pytest.mark.parametrize("language", CATALOGUES)
def test_placeholders_and_marks_are_those_of_the_text(language):
    for text, said in _pairs(language):
        for parts in (_PLACEHOLDER, _MARK):
            assert Counter(parts.findall(said)) == Counter(parts.findall(text)), said
        assert "%" not in _PLACEHOLDER.sub("", said), f"a lone % cannot be filled in: {said}"
        assert text[-1:].isspace() == said[-1:].isspace(), said


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_file_changes_only_with_a_text(language, tmp_path):
    path = MESSAGES.LOCALES / f"{language}.po"
    again = tmp_path / path.name
    catalogue = _catalogue(language)
    catalogue.update(MESSAGES.extract(), no_fuzzy_matching=True)
    MESSAGES.write(again, catalogue)
    assert again.read_bytes() == path.read_bytes()
    assert not re.search(rb"Date|EMAIL|fuzzy", path.read_bytes())


def test_a_message_with_values_is_said_in_turkish():
    assert say("tr", Message("Give at least %(limit)s characters.", {"limit": 10})) == "En az 10 karakter girin."
    assert say("tr", "Suppliers") == "Tedarikçiler"
    assert say("tr", "nobody has marked this") == "nobody has marked this"
    assert say("tr", "") == ""
    plural = translations_of("tr").ngettext("%(count)s recovery code is left.", "%(count)s recovery codes are left.", 3)
    assert plural % {"count": 3} == "3 kurtarma kodu kaldı."


def _literals(module: ModuleType) -> set[str]:
    """Every text that stands in the module's code."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_known_error_is_still_said_by_its_room():
    with pytest.raises(Refused) as nameless:
        users.check_name("")
    constants = {
        login.WRONG, login.NOT_PROVED, links.SPENT, sessions._ENDED, authentication._ENDED, cookies._ELSEWHERE,
        problems.UNFORESEEN, problems._STORE_AWAY, str(nameless.value),
    }  # fmt: skip
    assert constants - set(sentences.ERRORS) == set()
    said = set().union(*(_literals(module) for module in (account, links, login, members, passwords)))
    assert set(sentences.ERRORS) - constants - said == set()


def test_every_permission_and_built_in_role_is_explained():
    described = {each.description for each in Permission} | {describe_role(name) for name in builtin_roles()}
    assert set(sentences.RIGHTS) == described
    assert [text for text in described if say("tr", text) == text] == []
