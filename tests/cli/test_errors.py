"""When something goes wrong: a sentence on standard error, the right exit code, never a traceback."""

import pytest

from meschain.commands import supplier as supplier_commands
from tests.cli.command import Command


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["catalog", "import"],
        ["catalog", "import", "a.csv"],
        ["catalog", "import", "a.csv", "--suplier", "acme"],
        ["catalog", "runs", "--limit", "none"],
        ["catalog", "runs", "--limit", "0"],
        ["tenant", "set", "default"],
        ["sql"],
    ],
)
def test_a_wrong_use_is_2_and_shows_the_right_one(fresh_meschain: Command, arguments: list[str]) -> None:
    answer = fresh_meschain(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: meschain" in answer.err
    assert not fresh_meschain.home.exists()


def test_what_was_not_foreseen_is_one_sentence_and_a_file_below_home(
    meschain: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("not [bold]foreseen[/bold]")

    monkeypatch.setattr(supplier_commands.suppliers, "list_suppliers", fail)
    answer = meschain("supplier", "list", "--json")
    assert (answer.code, answer.out) == (1, "")
    assert "Traceback" not in answer.err
    assert "ZeroDivisionError: not [bold]foreseen[/bold]" in answer.err
    [details] = (meschain.home / "errors").iterdir()
    assert str(details) in answer.err
    assert "Traceback" in details.read_text(encoding="utf-8")


def test_a_wrong_setting_is_named(meschain: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESCHAIN_LAKE__THREADS", "many")
    answer = meschain("catalog", "runs")
    assert (answer.code, answer.out) == (1, "")
    assert "MESCHAIN_LAKE__THREADS cannot be used (it is 'many')" in answer.err
    told = meschain("doctor", "--json")
    assert (told.code, told.json()["healthy"]) == (1, False)
    assert "MESCHAIN_LAKE__THREADS" in told.json()["findings"][0]["text"]


def test_a_home_that_is_a_file_is_told(fresh_meschain: Command) -> None:
    fresh_meschain.home.write_text("no folder", encoding="utf-8")
    answer = fresh_meschain("supplier", "list")
    assert answer.code == 1
    assert "cannot be made" in answer.err
    assert "MESCHAIN_HOME" in answer.err


def test_markup_in_data_is_shown_as_it_is(meschain: Command) -> None:
    answer = meschain("supplier", "show", "[red]acme[/red]")
    assert "there is no supplier '[red]acme[/red]'" in answer.err
    shown = meschain("sql", "SELECT '[bold]x[/bold] [/nothing]' AS title")
    assert (shown.code, shown.err) == (0, "")
    assert "[bold]x[/bold] [/nothing]" in shown.out


def test_stopping_is_130(meschain: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(supplier_commands.suppliers, "list_suppliers", stop)
    answer = meschain("supplier", "list")
    assert (answer.code, answer.out) == (130, "")
    assert "Traceback" not in answer.err
