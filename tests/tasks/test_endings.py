"""The states in which flows end, and the pages about them, in words."""

import asyncio
from pathlib import Path

import pytest

import tests.prefect_server  # noqa: F401  Prefect's settings come before Prefect
from commerce.errors import Permanent
from tasks.endings import ending, overview, refreshed, rows_of, soundness, told_in_a_sentence
from tasks.jobs import Checked, Due, Synced
from tasks.results import markdown
from warehouse.invariants import Verdict

COUNTS = {"read": 1234, "accepted": 1230, "quarantined": 4, "new": 30, "changed": 2, "unchanged": 1198, "missing": 0}
SOUND = Checked(verdict="passed", headline="all 12 checks passed", page=Path("/home/q.html"))
UNSOUND = Checked(verdict="failed", headline="1 failed of 12 checks", page=Path("/home/q.html"))


def synced(status: str = "applied", **more: object) -> Synced:
    return Synced.model_validate(
        {"tenant": "acme", "supplier": "toys", "status": status, "run_id": "r1", "counts": COUNTS, **more}
    )


@pytest.mark.parametrize(
    ("end", "checked", "kind", "name", "words"),
    [
        (synced(), SOUND, "COMPLETED", "Completed", "Applied: 1,234 read, 1,230 accepted, 4 quarantined, 30 new"),
        (synced("unchanged"), None, "COMPLETED", "Completed", "Unchanged: 1,234 read"),
        (synced("held", reasons=["80 prices would change"]), None, "COMPLETED", "Held", "Held: 80 prices would change"),
        (synced("skipped", message="busy"), None, "COMPLETED", "Skipped", "Nothing was done: busy"),
        (synced(), UNSOUND, "FAILED", "Failed", "But what is in the lake is not sound: 1 failed of 12 checks, see "),
    ],
)
def test_a_sync_ends_in_plain_words(end, checked, kind, name, words):
    state = ending(end, checked)
    assert (state.type.value, state.name) == (kind, name)
    assert words in state.message


def test_what_failed_among_several_is_named():
    due = [Due(tenant="acme", supplier=name) for name in ("books", "toys")]
    rows = rows_of([(due[0], synced()), (due[1], Permanent("the feed is empty"))])
    assert [(row["supplier"], row["status"], row["new"]) for row in rows] == [
        ("books", "applied", 30),
        ("toys", "failed", 0),
    ]
    state = overview(rows)
    assert state.is_failed()
    assert state.message == "2 suppliers: 1 applied, 1 failed. toys: the feed is empty"
    assert overview([]).message == "No supplier was due"


def test_broken_invariants_are_named_with_what_breaks_them():
    holds = Verdict(name="a", rule="A is so.", offenders=[], seconds=0)
    broken = Verdict(name="b", rule="B is so.", offenders=[{"sku": "1"}], seconds=0)
    assert soundness([("acme", holds)]).message == "All 1 invariants hold"
    state = soundness([("acme", holds), ("beta", broken)])
    assert state.is_failed()
    assert state.message == "1 of 2 invariants are broken. beta: b (B is so. Not so: sku 1)"


def test_an_error_of_ours_ends_a_flow_with_its_sentence():
    @told_in_a_sentence
    async def flow(words: str):
        raise Permanent(words)

    assert asyncio.run(flow("the feed is empty")).message == "the feed is empty"


def test_the_page_says_what_to_do():
    refused = [{"scope": "row", "field": "cost", "reason": "negative|price", "rows": 4}]
    page = markdown(synced("held", reasons=["80 of 90 prices would change"], refused=refused), SOUND)
    assert page.startswith("# toys: held\n\n| read | accepted |")
    assert "| 1,234 | 1,230 |" in page
    assert "- 80 of 90 prices would change" in page
    assert "`meschain catalog diff r1`" in page
    assert "| row | cost | negative\\|price | 4 |" in page
    assert "All 12 checks passed. The report: `/home/q.html`" in page


def test_a_refresh_of_rates_ends_in_plain_words():
    rows = [
        {"tenant": "acme", "bulletin": "ecb of 2026-01-02", "status": "accepted", "message": ""},
        {"tenant": "acme", "bulletin": "tcmb 2026/2 of 2026-01-02", "status": "held", "message": "USD jumped"},
        {"tenant": None, "bulletin": "ecb", "status": "failed", "message": "away"},
    ]
    for shown, kind, name, words in (
        ([], "COMPLETED", "Completed", "There is no tenant to keep rates for"),
        (rows[:1], "COMPLETED", "Completed", "1 bulletins: 1 accepted"),
        (rows[:2], "COMPLETED", "Held", "Held: tcmb 2026/2 of 2026-01-02 for acme: USD jumped"),
        (rows, "FAILED", "Failed", "3 bulletins: 1 accepted, 1 held, 1 failed. ecb: away. tcmb 2026/2 of 2026-01-02"),
    ):
        state = refreshed(shown)
        assert (state.type.value, state.name) == (kind, name)
        assert state.message.startswith(words)
