"""A bulletin is kept once, held when it looks wrong, decided by a person; what was accepted is used meanwhile."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commerce.errors import Refused
from connectors.fx.bulletin import Bulletin, Rate
from connectors.fx.ecb import parse_ecb_history
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.audit.rules import Actor
from meschain.pricing import publication, rates
from meschain.pricing.bulletins import in_force
from meschain.pricing.publication import publish_rates
from meschain.pricing.rates import (
    decide_bulletin,
    get_bulletin,
    keep_bulletin,
    keep_history,
    list_bulletins,
    stated_jump,
)
from meschain.pricing.service import NewTerm, state_term
from meschain.store.base import utc_now
from tests.pricing.bank import euro, exchanged, lira
from tests.pricing.conftest import Desk

D = Decimal
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 1, day) for day in (5, 6, 7))
LAKE = "SELECT bulletin, day, base, buying, selling FROM core.exchange_rates ORDER BY ALL"
HELD, ACCEPTED, REJECTED = (f"pricing:bulletin:{word}" for word in ("held", "accepted", "rejected"))


def dollars(desk: Desk, day: date) -> Decimal:
    """What a dollar brings on that day."""
    return exchanged(desk.pricing, "USD", "TRY", day, "tcmb", "buying").rate


def test_the_first_is_accepted_and_the_same_again_changes_nothing(desk: Desk) -> None:
    bulletin = lira(MONDAY, {"USD": ("42.10", "42.2"), "EUR": "50"}, "2026/2")
    first = keep_bulletin(desk.pricing, bulletin)
    assert (first.status, first.findings, first.number) == ("accepted", [], "2026/2")
    again = keep_bulletin(desk.pricing, replace(bulletin, rates=bulletin.rates[::-1]))
    assert (again.id, again.version) == (first.id, 1)
    assert [row.id for row in list_bulletins(desk.pricing)] == [first.id]
    assert desk.ask(LAKE) == [
        ("2026/2", MONDAY, "EUR", D(50), D(50)), ("2026/2", MONDAY, "USD", D("42.1"), D("42.2")),
    ]  # fmt: skip
    assert desk.acts() == []


def test_a_rate_that_jumps_holds_the_bulletin_until_it_is_approved(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    held = keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "48", "GBP": "60"}, "2026/3"))
    assert (held.status, [finding["change"] for finding in held.findings]) == ("held", ["+20"])
    assert dollars(desk, TUESDAY) == 40
    assert [row[:3] for row in desk.ask(LAKE)] == [("2026/1", MONDAY, "USD")]

    person = replace(desk.pricing, actor=Actor("user", "ayse", desk.pricing.tenant_id))
    accepted = decide_bulletin(person, "tcmb", TUESDAY, accept=True, note="devaluation")
    assert (accepted.status, accepted.decided_by, accepted.decision_note) == ("accepted", "user:ayse", "devaluation")
    assert dollars(desk, TUESDAY) == 48
    assert len(desk.ask(LAKE)) == 3
    assert desk.acts() == [(HELD, "rates tcmb 2026-01-06"), (ACCEPTED, "rates tcmb 2026-01-06")]
    with pytest.raises(Refused, match="The rates of tcmb of 2026-01-06 are accepted: only held ones can be decided"):
        decide_bulletin(person, "tcmb", TUESDAY, accept=False)


def test_a_rejected_bulletin_is_not_used_and_does_not_come_back(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    wrong = lira(TUESDAY, {"USD": "4"})
    keep_bulletin(desk.pricing, wrong)
    assert decide_bulletin(desk.pricing, "tcmb", TUESDAY, accept=False).status == "rejected"
    assert keep_bulletin(desk.pricing, wrong).status == "rejected"
    assert keep_bulletin(desk.pricing, lira(WEDNESDAY, {"USD": "41"})).status == "accepted"
    assert (dollars(desk, TUESDAY), dollars(desk, WEDNESDAY)) == (40, 41)
    assert [tag for tag, _ in desk.acts()] == [HELD, REJECTED]


def test_how_much_a_rate_may_move_is_said_by_the_caller(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    assert keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "44"}), D(10)).status == "accepted"
    assert keep_bulletin(desk.pricing, lira(WEDNESDAY, {"USD": "44.01"}), D(0)).status == "held"


def test_each_bank_is_compared_with_itself_and_each_day_with_those_before(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "40"}))
    assert keep_bulletin(desk.pricing, euro(WEDNESDAY, {"USD": "1.1"})).status == "accepted"
    assert keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "20"})).status == "accepted"
    assert keep_bulletin(desk.pricing, lira(WEDNESDAY, {"USD": "40"})).status == "accepted"


def test_a_correction_is_held_while_what_was_accepted_is_used(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40", "EUR": "50"}))
    corrected = lira(MONDAY, {"USD": "40.1", "EUR": "50"}, "2026/1b")
    held = keep_bulletin(desk.pricing, corrected)
    assert (held.status, held.number) == ("held", "2026/1b")
    assert [(each["base"], each["before"], each["after"], each["than"]) for each in held.findings] == [
        ("USD", "40", "40.1", "2026-01-05")
    ]
    assert keep_bulletin(desk.pricing, corrected).version == held.version
    assert dollars(desk, MONDAY) == 40
    assert exchanged(desk.pricing, "USD", "TRY", MONDAY, "tcmb", "buying").bulletin == "tcmb 2026/1 of 2026-01-05"
    assert {row[0] for row in desk.ask(LAKE)} == {"2026/1"}

    assert keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "40.2"})).status == "accepted"
    accepted = decide_bulletin(desk.pricing, "tcmb", MONDAY, accept=True)
    assert (accepted.status, accepted.former) == ("accepted", None)
    assert dollars(desk, MONDAY) == D("40.1")
    assert {row[:2] for row in desk.ask(LAKE)} == {("2026/1b", MONDAY), ("2026/1", TUESDAY)}


def test_a_correction_that_is_rejected_leaves_what_was_and_stays_rejected(desk: Desk) -> None:
    first, second = lira(MONDAY, {"USD": "40"}), lira(MONDAY, {"USD": "400"})
    keep_bulletin(desk.pricing, first)
    keep_bulletin(desk.pricing, second)
    decide_bulletin(desk.pricing, "tcmb", MONDAY, accept=False)
    for again in (second, first, second):
        assert keep_bulletin(desk.pricing, again).status == "rejected"
    assert dollars(desk, MONDAY) == 40
    assert [row[3] for row in desk.ask(LAKE)] == [40]
    third = keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40.5"}))
    assert (third.status, third.decided_by, in_force(third)) == ("held", None, first)


def test_a_correction_that_the_bank_takes_back_leaves_nothing_to_decide(desk: Desk) -> None:
    first = lira(MONDAY, {"USD": "40"})
    keep_bulletin(desk.pricing, first)
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "41"}))
    back = keep_bulletin(desk.pricing, first)
    assert (back.status, back.former, back.findings) == ("accepted", None, [])
    assert dollars(desk, MONDAY) == 40
    assert [tag for tag, _ in desk.acts()] == [HELD, REJECTED]


def test_what_was_never_accepted_is_corrected_by_what_is_held_too(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "4"}))
    second = keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "40.1"}))
    assert (second.status, second.former, [each["change"] for each in second.findings]) == ("held", None, ["+902.5"])
    assert dollars(desk, TUESDAY) == 40
    decide_bulletin(desk.pricing, "tcmb", TUESDAY, accept=True)
    assert dollars(desk, TUESDAY) == D("40.1")


def test_who_has_looked_at_other_rates_decides_nothing(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    seen = keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "45"}))
    keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "450"}))
    with pytest.raises(ChangedMeanwhile, match="tcmb published other rates of 2026-01-06 meanwhile"):
        decide_bulletin(desk.pricing, "tcmb", TUESDAY, accept=True, version=seen.version)
    assert get_bulletin(desk.pricing, "tcmb", TUESDAY).status == "held"


def test_the_list_is_the_newest_first_and_goes_on_where_it_ended(desk: Desk) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        keep_bulletin(desk.pricing, lira(day, {"USD": "40" if day != TUESDAY else "90"}))
        keep_bulletin(desk.pricing, euro(day, {"USD": "1.1"}))
    whole = [(row.day, row.source) for row in list_bulletins(desk.pricing)]
    assert whole == [(day, source) for day in (WEDNESDAY, TUESDAY, MONDAY) for source in ("ecb", "tcmb")]
    for place, following in enumerate(whole[1:], 1):
        (found,) = list_bulletins(desk.pricing, before=whole[place - 1], limit=1)
        assert (found.day, found.source) == following
    assert [row.day for row in list_bulletins(desk.pricing, source="ecb", limit=2)] == [WEDNESDAY, TUESDAY]
    assert [(row.day, row.source) for row in list_bulletins(desk.pricing, status="held")] == [(TUESDAY, "tcmb")]


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for act in (get_bulletin, lambda *place: decide_bulletin(*place, accept=True)):
        with pytest.raises(NotFound, match="no rates of ecb of 2026-01-05 are kept; see which there are with"):
            act(desk.pricing, "ecb", MONDAY)


def test_a_tenant_keeps_and_decides_its_own(desk: Desk) -> None:
    other = desk.other()
    for pricing, rate in ((desk.pricing, "40"), (other, "20")):
        keep_bulletin(pricing, lira(MONDAY, {"USD": rate}))
        keep_bulletin(pricing, lira(TUESDAY, {"USD": "40"}))
    assert [get_bulletin(each, "tcmb", TUESDAY).status for each in (desk.pricing, other)] == ["accepted", "held"]
    decide_bulletin(other, "tcmb", TUESDAY, accept=False)
    assert dollars(desk, TUESDAY) == 40
    assert exchanged(other, "USD", "TRY", TUESDAY, "tcmb", "buying").rate == 20
    assert [row[3] for row in desk.ask(LAKE)] == [40, 40]


@pytest.mark.parametrize("kept_before", [False, True])
def test_two_who_keep_the_same_at_once_keep_it_once(desk: Desk, kept_before: bool) -> None:
    bulletins = [lira(MONDAY, {"USD": "40"}), lira(TUESDAY, {"USD": "80"}, "2026/2")]
    if kept_before:
        keep_bulletin(desk.pricing, bulletins[0])
    kept = at_once(2, lambda: [keep_bulletin(desk.pricing, each).id for each in bulletins])
    assert kept[0] == kept[1]
    assert [(row.day, row.status, row.version) for row in list_bulletins(desk.pricing)] == [
        (TUESDAY, "held", 1), (MONDAY, "accepted", 1),
    ]  # fmt: skip
    assert [row[:2] for row in desk.ask(LAKE)] == [("2026/1", MONDAY)]
    assert desk.acts() == [(HELD, "rates tcmb 2026-01-06")]


def test_of_two_who_decide_at_once_one_does(desk: Desk) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    keep_bulletin(desk.pricing, lira(TUESDAY, {"USD": "80"}))

    def decide() -> str:
        try:
            return decide_bulletin(desk.pricing, "tcmb", TUESDAY, accept=True).status
        except Refused as error:
            return str(error)

    told = sorted(at_once(2, decide))
    assert told == ["The rates of tcmb of 2026-01-06 are accepted: only held ones can be decided.", "accepted"]
    assert len(desk.acts()) == 2


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """What so many threads gave that began together."""
    barrier, given, errors = threading.Barrier(count), [], []

    def run() -> None:
        barrier.wait(timeout=30)
        try:
            given.append(work())
        except Exception as error:  # noqa: BLE001  the test tells it
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return given


def test_history_is_accepted_and_takes_the_place_of_nothing(desk: Desk) -> None:
    history = [euro(MONDAY + timedelta(days=day), {"USD": f"{1 + day}"}) for day in range(4)]
    keep_bulletin(desk.pricing, euro(TUESDAY, {"USD": "1.1"}))
    assert keep_history(desk.pricing, history) == 3
    assert keep_history(desk.pricing, [*history, history[0]]) == 0
    assert {row.status for row in list_bulletins(desk.pricing)} == {"accepted"}
    assert exchanged(desk.pricing, "EUR", "USD", TUESDAY, "ecb", "buying").rate == D("1.1")
    assert [row[3] for row in desk.ask(LAKE)] == [1, D("1.1"), 3, 4]


def test_all_that_there_has_been(desk: Desk, shared_data: Path) -> None:
    archive = (shared_data / "fx/eurofxref-hist.zip").read_bytes()
    assert keep_history(desk.pricing, parse_ecb_history(archive)) == 7126
    assert keep_history(desk.pricing, parse_ecb_history(archive)) == 0
    day = date(2020, 1, 2)
    for currency, rate in (("TRY", D("6.6699")), ("USD", D("1.1193"))):
        found = exchanged(desk.pricing, "EUR", currency, day, "ecb", "selling")
        assert (found.rate, found.bulletin) == (rate, "ecb of 2020-01-02")
        told = desk.ask("SELECT buying FROM core.exchange_rates WHERE day = ? AND quote = ?", day, currency)
        assert told == [(rate,)]
    assert desk.ask("SELECT count(DISTINCT day), min(day), max(day) FROM core.exchange_rates") == [
        (7126, date(1999, 1, 4), date(2026, 10, 30))
    ]


def test_what_a_dead_process_left_out_of_the_lake_is_brought_there_by_the_next(desk: Desk, monkeypatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(rates, "publish_rates", die)
        for bulletin in (lira(MONDAY, {"USD": "40"}), lira(TUESDAY, {"USD": "41"})):
            with pytest.raises(KeyboardInterrupt):
                keep_bulletin(desk.pricing, bulletin)
    assert desk.ask(LAKE) == []
    keep_bulletin(desk.pricing, lira(WEDNESDAY, {"USD": "42"}))
    assert [row[3] for row in desk.ask(LAKE)] == [40, 41, 42]
    assert publish_rates(desk.pricing) == 0


def test_a_decision_stands_although_the_lake_cannot_be_told(desk: Desk, monkeypatch) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    tuesday = lira(TUESDAY, {"USD": "80"})
    keep_bulletin(desk.pricing, tuesday)
    with monkeypatch.context() as away:
        away.setattr(rates, "publish_rates", refuse)
        assert decide_bulletin(desk.pricing, "tcmb", TUESDAY, accept=True).status == "accepted"
    assert len(desk.ask(LAKE)) == 1
    keep_bulletin(desk.pricing, tuesday)
    assert len(desk.ask(LAKE)) == 2


def die(_: object) -> None:
    raise KeyboardInterrupt


def refuse(_: object) -> None:
    raise Refused("no lake here")


def test_what_is_accepted_while_the_lake_is_written_is_written_after_it(desk: Desk, monkeypatch) -> None:
    keep_bulletin(desk.pricing, lira(MONDAY, {"USD": "40"}))
    corrected = lira(MONDAY, {"USD": "41"})
    with monkeypatch.context() as quiet:
        quiet.setattr(rates, "publish_rates", lambda _: None)
        keep_bulletin(desk.pricing, corrected)
    noted: list[Bulletin] = []
    real = publication._note

    def accept_first(pricing: object, written: dict[str, int]) -> None:
        if not noted:
            noted.append(corrected)
            decide_bulletin(desk.pricing, "tcmb", MONDAY, accept=True)
        real(pricing, written)

    monkeypatch.setattr(publication, "_note", accept_first)
    publish_rates(desk.pricing)
    publish_rates(desk.pricing)
    assert [row[3] for row in desk.ask(LAKE)] == [41]
    assert publish_rates(desk.pricing) == 0


def test_a_tenant_says_by_how_much_a_rate_may_move(desk):
    day = desk.pricing.day_of(utc_now())
    assert stated_jump(desk.pricing) == 5
    state_term(desk.pricing, NewTerm(name="rate_jump", value="12", since=day, source="policy"))
    for ago, rate in ((1, 40), (0, 44)):
        rates = (Rate("EUR", "TRY", Decimal(rate), Decimal(rate)),)
        kept = keep_bulletin(desk.pricing, Bulletin("tcmb", f"2026/{9 - ago}", day - timedelta(days=ago), rates))
        assert kept.status == "accepted"
