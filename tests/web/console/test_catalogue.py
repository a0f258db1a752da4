"""Every text of the console is said in every language: none is missing, none is left over, and none lost a value."""

import importlib.util
import re
from types import ModuleType

import pytest

from meschain.web.console.language import Message, choose_language, say
from meschain.web.console.sentences import sentences
from meschain.web.console.words import VOCABULARIES, word
from tests.cli.command import PROJECT

SAME = {"Desi", "Flow", "JSON", "Log", "Menu", "No.", "Stop"}
"""Words that may be the same in two languages."""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """`make messages`."""
    spec = importlib.util.spec_from_file_location("messages", PROJECT / "deploy" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values(text: str) -> list[str]:
    """What a text leaves open."""
    return sorted(re.findall(r"%\(\w+\)s|%[^(%\s]", text))


def test_nothing_is_missing_and_nothing_left_over(tool: ModuleType) -> None:
    said = {message.id for message in tool.extract() if message.id}
    assert len(said) > 500
    for path in tool.LOCALES.glob("*.po"):
        catalogue = tool.read(path)
        assert {message.id for message in catalogue if message.id} == said, "make messages"
        assert not [message.id for message in catalogue if message.id and not message.string], path
        assert not [message.id for message in catalogue if message.id and message.fuzzy], path


def test_a_translation_leaves_open_what_the_text_does(tool: ModuleType) -> None:
    for path in tool.LOCALES.glob("*.po"):
        for message in tool.read(path):
            texts = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for string in strings if message.id else ():
                assert values(string) == values(texts[-1]), message.id
                assert string.count("`") == texts[-1].count("`"), message.id
                assert string not in texts or string in SAME | {"API", "program"}, message.id


def test_the_tool_changes_nothing_when_nothing_changed(tool: ModuleType, tmp_path) -> None:
    for path in tool.LOCALES.glob("*.po"):
        tool.write(tmp_path / path.name, tool.read(path))
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_message_is_said_in_the_readers_language() -> None:
    message = Message("Give at most %(limit)s.", {"limit": 3})
    assert say("en", message) == "Give at most 3."
    assert say("tr", message) == "En çok 3 tane girin."
    assert say("tr", "a sentence that nobody translated") == "a sentence that nobody translated"
    assert say("tr", "100 % of it") == "100 % of it"


def test_every_word_of_every_vocabulary_is_known_in_turkish(tool: ModuleType) -> None:
    known = {message.id for message in tool.read(tool.LOCALES / "tr.po")}
    untranslated = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
    for name, vocabulary in VOCABULARIES.items():
        for code in vocabulary:
            label = word(code, name).label
            assert label in known | untranslated, (name, code)
    assert set(sentences()) <= known


@pytest.mark.parametrize(
    ("setting", "accepted", "chosen"),
    [
        (None, "", "tr"), ("en", "tr", "en"), (None, "en-US,en;q=0.9,tr;q=0.8", "en"),
        (None, "de,tr;q=0.5,en;q=0.4", "tr"),
        (None, "de", "tr"), (None, "en;q=0", "tr"), (None, "en;q=x,tr", "tr"), ("xx", "en", "en"), (None, ",;,", "tr"),
    ],
)  # fmt: skip
def test_the_language_is_what_one_asked_for(setting: str | None, accepted: str, chosen: str) -> None:
    assert choose_language(setting, accepted) == chosen
