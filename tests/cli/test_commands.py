"""Every command is there, says what it does and what each of its options means, and speaks JSON to programs."""

from collections.abc import Iterator

import pytest
from typer.main import get_command

from meschain.cli import app
from tests.cli.command import Command

_WANTED = {
    "demo", "up", "doctor", "sql",
    "tenant add", "tenant list", "tenant set",
    "supplier add", "supplier list", "supplier show", "supplier profile",
    "channel add", "channel list", "channel show", "channel change",
    "catalog preview", "catalog import", "catalog sync", "catalog runs", "catalog diff", "catalog approve",
    "catalog reject", "catalog quarantine", "catalog retry", "catalog history", "catalog rollback",
}  # fmt: skip
_STAY = {"demo", "up"}
"""Commands that show their work to a person instead of giving a result."""


def _leaves(command: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every command that is no group, by its words."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, each in below.items():
        yield from _leaves(each, f"{path} {name}".strip())


_COMMANDS = dict(_leaves(get_command(app)))


def test_the_commands_of_the_house_are_there() -> None:
    assert sorted(_WANTED - _COMMANDS.keys()) == []


@pytest.mark.parametrize("path", _COMMANDS)
def test_a_command_says_what_it_does_and_what_its_options_mean(path: str) -> None:
    command = _COMMANDS[path]
    assert command.help
    silent = [parameter.name for parameter in command.params if not getattr(parameter, "help", None)]
    assert silent == []


@pytest.mark.parametrize("path", sorted(_COMMANDS.keys() - _STAY))
def test_a_command_that_gives_a_result_speaks_json(path: str) -> None:
    assert "--json" in {option for parameter in _COMMANDS[path].params for option in parameter.opts}


def test_help_needs_no_home_and_makes_none(fresh_meschain: Command) -> None:
    for arguments in (["--help"], ["catalog", "--help"], ["catalog", "import", "--help"]):
        answer = fresh_meschain(*arguments)
        assert (answer.code, answer.err) == (0, "")
        assert "Usage:" in answer.out
    assert not fresh_meschain.home.exists()


def test_a_group_without_a_command_shows_its_help(fresh_meschain: Command) -> None:
    answer = fresh_meschain("catalog")
    assert answer.code == 2
    assert "rollback" in answer.out + answer.err
