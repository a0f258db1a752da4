"""`meschain rate`: what the banks publish is fetched without a server, held when it jumps, and decided."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from meschain.pricing.banks import today_of
from meschain.store.base import utc_now
from tests.cli.command import Command
from tests.pricing.bank import HISTORY, Banks, history_of, open_banks

TODAY = today_of("tcmb", utc_now())
FRIDAY = date(2026, 1, 2)
SATURDAY = FRIDAY + timedelta(days=1)


@pytest.fixture
def banks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Banks]:
    """The banks that the settings lead to."""
    with open_banks() as opened:
        for name, text in opened.environment.items():
            monkeypatch.setenv(name, text)
        yield opened


def test_the_newest_of_each_bank(meschain: Command, banks: Banks) -> None:
    banks.publish_lira(TODAY, {"USD": ("42", "42.5")}, "2026/9")
    banks.publish_euro(TODAY - timedelta(days=2), {"USD": "1.1"})
    fetched = meschain("rate", "fetch", "--json")
    assert (fetched.code, fetched.err) == (0, "")
    assert fetched.json()[0] == {
        "tenant": "default", "source": "tcmb", "day": str(TODAY), "bulletin": f"tcmb 2026/9 of {TODAY}",
        "status": "accepted", "findings": [],
    }  # fmt: skip
    assert fetched.json()[1]["bulletin"] == f"ecb of {TODAY - timedelta(days=2)}"
    assert "accepted" in meschain("rate", "fetch").out
    listed = meschain("rate", "list", "--json").json()
    assert [(each["source"], each["number"], each["status"]) for each in listed] == [
        ("tcmb", "2026/9", "accepted"), ("ecb", str(TODAY - timedelta(days=2)), "accepted"),
    ]  # fmt: skip
    rows = meschain("sql", "SELECT base, quote, buying FROM core.exchange_rates WHERE source = 'tcmb'", "--json")
    assert rows.json() == [{"base": "USD", "quote": "TRY", "buying": "42.000000000000"}]


def test_a_jump_is_held_and_decided(meschain: Command, banks: Banks) -> None:
    banks.publish_lira(FRIDAY, {"USD": "40", "EUR": "50"})
    assert meschain("rate", "fetch", "--source", "tcmb", "--day", SATURDAY).code == 0
    banks.publish_lira(SATURDAY, {"USD": "45", "EUR": "50"}, "2026/2")
    held = meschain("rate", "fetch", "--source", "tcmb", "--day", SATURDAY, "--json")
    assert (held.code, held.json()[0]["status"]) == (3, "held")
    assert "USD in TRY 40 → 45 (+12.5 % since 2026-01-02)" in meschain("rate", "list", "--status", "held").out
    shown = meschain("rate", "show", "tcmb", SATURDAY)
    assert "tcmb 2026/2 of 2026-01-03: held" in shown.out
    assert "+12.5" in shown.out
    approved = meschain("rate", "approve", "tcmb", SATURDAY, "--note", "they devalued", "--json")
    assert (approved.code, approved.json()["status"], approved.json()["decided_by"]) == (0, "accepted", "operator")
    again = meschain("rate", "reject", "tcmb", SATURDAY)
    assert (again.code, again.out) == (1, "")
    assert "only held ones can be decided" in again.err
    assert "they devalued" in meschain("rate", "show", "tcmb", SATURDAY).out


def test_a_correction_shows_what_is_used_instead(meschain: Command, banks: Banks) -> None:
    for rate in ("40", "41"):
        banks.publish_lira(FRIDAY, {"USD": rate})
        meschain("rate", "fetch", "--source", "tcmb", "--day", FRIDAY)
    shown = meschain("rate", "show", "tcmb", FRIDAY, "--json").json()
    assert ([each["buying"] for each in shown["rates"]], [each["buying"] for each in shown["used"]]) == (["41"], ["40"])
    assert "Used instead, of 2026/1" in meschain("rate", "show", "tcmb", FRIDAY).out
    rejected = meschain("rate", "reject", "tcmb", FRIDAY)
    assert (rejected.code, rejected.out.strip()) == (0, "tcmb 2026/1 of 2026-01-02 is rejected.")


def test_how_much_may_move_is_said_with_an_option(meschain: Command, banks: Banks) -> None:
    for day, rate in ((FRIDAY, "40"), (SATURDAY, "45")):
        banks.publish_lira(day, {"USD": rate})
        fetched = meschain("rate", "fetch", "--source", "tcmb", "--day", day, "--jump", "12,5")
        assert fetched.code == 0, fetched.err


def test_a_bank_that_fails_stops_not_the_other(meschain: Command, banks: Banks) -> None:
    banks.publish_lira(TODAY, {"USD": "40"}, "2026/9")
    answer = meschain("rate", "fetch", "--json")
    assert (answer.code, answer.out) == (1, "")
    assert "eurofxref-daily.xml" in answer.err
    assert answer.err.endswith(f"Kept was tcmb 2026/9 of {TODAY}.\n")
    assert len(meschain("rate", "list", "--json").json()) == 1


def test_history_from_the_bank_and_from_a_file(meschain: Command, banks: Banks) -> None:
    archive = history_of({FRIDAY: {"USD": "1.1"}, FRIDAY - timedelta(days=1): {"USD": "1.2"}})
    banks.documents[HISTORY] = archive
    assert meschain("rate", "history").out == "2 days of the ECB were added.\n"
    Path("all.zip").write_bytes(archive)
    assert meschain("rate", "history", "--file", "all.zip", "--json").json() == {"source": "ecb", "added": 0}
    missing = meschain("rate", "history", "--file", "gone.zip")
    assert (missing.code, missing.err) == (1, "Error: gone.zip cannot be read: No such file or directory\n")


def test_what_cannot_be_is_one_sentence(meschain: Command, banks: Banks) -> None:
    for arguments in (
        ["show", "tcmb", FRIDAY], ["approve", "tcmb", FRIDAY], ["reject", "ecb", FRIDAY],
        ["fetch", "--flow", "--jump", "3"], ["fetch", "--source", "ecb", "--day", "1998-01-01"],
        ["list", "--tenant", "nobody"],
    ):  # fmt: skip
        answer = meschain("rate", *arguments, "--json")
        assert (answer.code, answer.out) == (1, ""), arguments
        assert answer.err.startswith("Error: "), arguments
        assert answer.err.count("\n") == 1, arguments
    assert banks.asked == []
    for arguments in (["show", "fed", FRIDAY], ["show", "tcmb", "yesterday"], ["fetch", "--jump", "much"]):
        assert meschain("rate", *arguments).code == 2
