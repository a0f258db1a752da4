"""Runs that the gate holds: nothing changes until a person decides, and the decision takes effect exactly once."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from commerce.errors import Permanent, Refused, Transient
from meschain.catalog import decisions
from meschain.catalog.quarantine import retry_quarantine
from meschain.catalog.runs import OpenRun, get_run, held_run, list_runs
from meschain.catalog.tables import Run
from meschain.store.base import utc_now
from tests.catalog.shop import Shop, goods, open_shop
from tests.homes import TENANT
from warehouse.delta import remove_delta

_SHIFTED = 40


def _shifted(count: int = _SHIFTED) -> list[dict[str, object]]:
    """The same goods, every price times a hundred: a decimal mark has moved."""
    return goods(count, price=lambda number: f"{number}50.00" if number != 1 else "1.50")


def _hold(shop: Shop) -> Run:
    shop.sync(goods(_SHIFTED))
    run = shop.sync(_shifted())
    assert run.status == "held"
    return run


def _deltas(shop: Shop) -> set[str]:
    return {path.stem for path in shop.catalog.delta.iterdir()}


def test_a_suspicious_feed_is_held_with_its_reasons_and_changes_nothing(shop: Shop) -> None:
    shop.sync(goods(_SHIFTED))
    before, tables = shop.offers(), shop.ask("SELECT count(*) FROM core.offer_changes")
    run = shop.sync(_shifted())
    assert run.status == "held"
    assert [finding["rule"] for finding in run.gate] == ["decimal_shift", "price_changes"]
    assert "39 of 39 changed prices are the old ones x100" in run.gate[0]["message"]
    assert (run.counts["changed"], run.counts["unchanged"]) == (39, 1)
    assert (shop.offers(), shop.ask("SELECT count(*) FROM core.offer_changes")) == (before, tables)
    assert _deltas(shop) == {run.id}


def test_the_difference_of_a_held_run_can_be_looked_at(shop: Shop) -> None:
    run = _hold(shop)
    seen = decisions.show_difference(shop.catalog, run.id[-8:], limit=2)
    assert (seen.run.id, seen.supplier, seen.kinds) == (run.id, "acme", {"changed": 39})
    assert [example["supplier_sku"] for example in seen.examples] == ["A002", "A003"]
    assert seen.examples[0]["changes"] == [{"field": "list_price", "before": "2.5000", "after": "250.0000"}]


def test_the_same_bytes_give_the_run_that_is_held_already(shop: Shop) -> None:
    run = _hold(shop)
    again = shop.sync(_shifted())
    assert (again.id, again.status) == (run.id, "held")
    assert [each.status for each, _ in list_runs(shop.catalog)] == ["held", "applied"]
    assert _deltas(shop) == {run.id}


def test_a_newer_feed_takes_the_place_of_the_one_that_was_held(shop: Shop) -> None:
    run = _hold(shop)
    newer = shop.sync(goods(_SHIFTED, title="Renamed"))
    assert newer.status == "applied"
    old = get_run(shop.catalog, run.id)
    assert (old.status, old.decision_note) == ("rejected", f"superseded by run {newer.id}")
    assert _deltas(shop) == set()
    worse = shop.sync(_shifted()[:10])
    assert worse.status == "held"
    assert held_run(shop.catalog, shop.supplier()).id == worse.id


def test_the_last_good_feed_again_takes_its_place_too(shop: Shop) -> None:
    """Or a person would approve later what the supplier has put right long ago."""
    run = _hold(shop)
    assert shop.sync(goods(_SHIFTED)).status == "unchanged"
    assert get_run(shop.catalog, run.id).status == "rejected"
    assert _deltas(shop) == set()


def test_approval_applies_what_was_staged(shop: Shop) -> None:
    run = _hold(shop)
    approved = decisions.approve_run(shop.catalog, run.id, note="yes, a hundredfold")
    assert (approved.status, approved.decided_by, approved.decision_note) == (
        "applied",
        "operator",
        "yes, a hundredfold",
    )
    assert shop.offers("list_price")["A002"] == Decimal("250.0000")
    assert set(shop.offers("run_id").values()) == {run.id, approved.base_run_id}
    assert decisions.show_difference(shop.catalog, run.id).kinds == {"changed": 39}
    assert _deltas(shop) == set()
    assert shop.ask("SELECT changed, unchanged FROM core.feed_runs WHERE run_id = ?", run.id) == [(39, 1)]
    again = shop.sync(_shifted())
    assert (again.status, again.counts["parsed"], again.counts["unchanged"]) == ("unchanged", 0, _SHIFTED)


def test_after_an_approval_the_next_feed_is_compared_with_it(shop: Shop) -> None:
    run = _hold(shop)
    decisions.approve_run(shop.catalog, run.id)
    later = shop.sync([*_shifted(), *goods(_SHIFTED + 1)[_SHIFTED:]])
    assert (later.status, later.base_run_id) == ("applied", run.id)
    assert (later.counts["new"], later.counts["unchanged"], later.counts["parsed"]) == (1, _SHIFTED, 1)


def test_rejection_drops_what_was_staged(shop: Shop) -> None:
    run = _hold(shop)
    before = shop.offers()
    rejected = decisions.reject_run(shop.catalog, run.id, note="ask them")
    assert (rejected.status, rejected.decided_by, rejected.decision_note) == ("rejected", "operator", "ask them")
    assert (shop.offers(), _deltas(shop)) == (before, set())
    assert shop.ask("SELECT count(*) FROM core.feed_runs WHERE run_id = ?", run.id) == [(0,)]
    assert shop.sync(_shifted()).status == "held"  # a rejection is of that run, not of those bytes


@pytest.mark.parametrize("decide", [decisions.approve_run, decisions.reject_run])
def test_a_run_is_decided_once(shop: Shop, decide) -> None:
    run = _hold(shop)
    decisions.reject_run(shop.catalog, run.id)
    with pytest.raises(Refused, match="is rejected: only a held run can be decided"):
        decide(shop.catalog, run.id)


def test_approval_is_refused_when_another_run_was_applied_since(shop: Shop) -> None:
    rows = goods(_SHIFTED)
    rows[0]["barkod"] = "869000000001"  # one digit short: the value is withheld, the row can be tried again
    shop.sync(rows)
    run = shop.sync([rows[0], *_shifted()[1:]])
    fields = {"supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}, "list_price": {"from": ["price"]}}
    shop.profile({"fields": fields, "currency": "TRY"})
    assert retry_quarantine(shop.catalog, shop.supplier()).status == "applied"
    before = shop.offers()
    with pytest.raises(Refused, match="was compared with an older state of acme; reject it and sync again"):
        decisions.approve_run(shop.catalog, run.id)
    assert shop.offers() == before
    assert get_run(shop.catalog, run.id).status == "held"


def test_an_approval_that_died_after_the_lake_was_written_is_not_applied_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _hold(shop)
    with monkeypatch.context() as patched:
        patched.setattr(decisions, "_close", _die)
        patched.setattr(decisions, "remove_delta", lambda _path: None)
        with pytest.raises(KeyboardInterrupt):
            decisions.approve_run(shop.catalog, run.id)
    assert shop.offers("list_price")["A002"] == Decimal("250.0000")
    with pytest.raises(Refused, match="is applied: only a held run can be decided"):
        decisions.approve_run(shop.catalog, run.id)
    assert shop.ask("SELECT count(*) FROM core.feed_runs WHERE run_id = ?", run.id) == [(1,)]
    assert shop.ask("SELECT count(*) FROM core.offer_changes WHERE run_id = ?", run.id) == [(39,)]


def _die(*_arguments: object, **_columns: object) -> Run:
    raise KeyboardInterrupt


def test_a_run_is_named_by_its_end_if_that_is_no_other_run(shop: Shop) -> None:
    run = shop.sync(goods(2))
    assert get_run(shop.catalog, run.id[-6:]).id == run.id
    with pytest.raises(Refused, match="no run ends with 'zzz'"):
        get_run(shop.catalog, "zzz")
    shop.sync(goods(3))
    with pytest.raises(Refused, match="several runs end with ''"):
        get_run(shop.catalog, "")
    with pytest.raises(Refused, match="no run ends with '%'"):
        get_run(shop.catalog, "%")


def test_a_first_feed_of_which_no_row_can_be_read_is_held(shop: Shop) -> None:
    shop.profile({"layout": {"format": "delimited"}, "fields": {"supplier_sku": {"from": ["code"]}}})
    run = shop.sync(goods(10))
    assert (run.status, run.counts["quarantined"]) == ("held", 10)
    assert [finding["rule"] for finding in run.gate] == ["nothing_accepted"]
    assert shop.offers() == {}


def test_a_held_run_can_be_looked_at_by_several_at_once(shop: Shop) -> None:
    run = _hold(shop)
    delta = shop.catalog.delta_file(run.id)
    with shop.catalog.lake.connect(delta=delta, read_only=True):
        assert decisions.show_difference(shop.catalog, run.id).kinds == {"changed": 39}
        with pytest.raises(Transient, match="Somebody else has these staged changes open"):
            decisions.approve_run(shop.catalog, run.id)
    assert decisions.approve_run(shop.catalog, run.id).status == "applied"


def test_staged_changes_that_are_gone_are_told_and_not_made_anew(shop: Shop) -> None:
    run = _hold(shop)
    remove_delta(shop.catalog.delta_file(run.id))
    for act in (decisions.show_difference, decisions.approve_run):
        with pytest.raises(Permanent, match=f"staged changes of run {run.id} are gone"):
            act(shop.catalog, run.id)
    assert _deltas(shop) == set()


def test_what_was_held_happens_when_it_is_approved(shop: Shop) -> None:
    run = _hold(shop)
    begun = utc_now()
    decisions.approve_run(shop.catalog, run.id)
    times = shop.ask("SELECT DISTINCT changed_at FROM core.offer_changes WHERE run_id = ?", run.id)
    assert times == shop.ask("SELECT applied_at FROM core.feed_runs WHERE run_id = ?", run.id)
    assert times == shop.ask("SELECT DISTINCT updated_at FROM core.offers WHERE run_id = ?", run.id)
    assert times[0][0] >= begun


@pytest.mark.parametrize("name", ["brand=acme", "supplier_sku=ZZ", "a[1]b", "it's * {a,b}"])
def test_a_home_may_be_called_anything_and_moved_while_a_run_is_held(
    name: str, furnished_home: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(furnished_home, tmp_path / name / "home"))
    with open_shop(home, TENANT, tmp_path) as shop:
        run = _hold(shop)
        assert len(shop.offers("brand")) == _SHIFTED
        assert set(shop.offers("brand").values()) == {None}
    moved = home.rename(tmp_path / "moved")
    with open_shop(moved, TENANT, tmp_path) as shop:
        assert decisions.approve_run(shop.catalog, run.id).status == "applied"
        assert shop.offers("list_price")["A002"] == Decimal("250.00")


def test_a_hold_that_was_broken_off_leaves_no_suspicion(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sync(goods(_SHIFTED))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt  # which nothing of ours takes for a failure of the run

    with monkeypatch.context() as patched:
        patched.setattr(OpenRun, "end", die)
        with pytest.raises(KeyboardInterrupt):
            shop.sync(goods(_SHIFTED)[:5])
    assert shop.ask("SELECT count(*) FROM raw.suspected_absences") == [(35,)]
    assert shop.sync(goods(_SHIFTED)).status == "unchanged"
    assert shop.ask("SELECT count(*) FROM raw.suspected_absences") == [(0,)]
