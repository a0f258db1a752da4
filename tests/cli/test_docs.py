"""The commands that the documentation shows are there and work."""

import re
import shlex
from pathlib import Path

import pytest

from tests.catalog.shop import as_csv, goods
from tests.cli.command import PROJECT, Command

_PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("[!rd]*/*.md"))]  # neither reference nor decisions
_FENCE = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`meschain ((?:[a-z][a-z-]* ?)+)")


def _shown() -> list[str]:
    """Every `meschain` line of the pages' shell blocks."""
    blocks = [block for page in _PAGES for block in _FENCE.findall(page.read_text())]
    lines = [line.strip().removeprefix(".venv/bin/") for block in blocks for line in block.splitlines()]
    return [line for line in dict.fromkeys(lines) if line.startswith("meschain ")]


def _named() -> list[str]:
    """Every command that the pages name in running text."""
    return sorted({found.strip() for page in _PAGES for found in _NAMED.findall(page.read_text())})


@pytest.mark.parametrize("line", _shown())
def test_a_shown_command_works(line: str, meschain: Command, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text(as_csv(goods(30)))
    assert meschain("catalog", "import", feed, "--supplier", "acme").code == 0
    words = [
        {"FILE": str(feed), "FOLDER": str(tmp_path / "kept"), "NAME": "acme"}.get(word, word)
        for word in shlex.split(line)
    ]
    answer = meschain(*words[1:])
    assert answer.code == 0, answer.err
    assert answer.out.strip()


@pytest.mark.parametrize("command", _named())
def test_a_named_command_is_there(command: str, meschain: Command) -> None:
    answer = meschain(*command.split(), "--help")
    assert answer.code == 0, answer.err


def test_there_is_something_to_test() -> None:
    assert len(_shown()) > 4
    assert len(_named()) > 7
