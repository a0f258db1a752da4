"""Rates by their flow: fetched once for all tenants; one that fails stops none of the others, what jumps is held."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from meschain.pricing.banks import today_of
from meschain.pricing.rates import keep_bulletin, list_bulletins
from meschain.store.base import utc_now
from tests.pricing.bank import EURO, Banks, lira, open_banks

TODAY = today_of("tcmb", utc_now())
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def banks(shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Banks]:
    """The banks that the settings lead to, which have published today."""
    with open_banks() as opened:
        for name, text in opened.environment.items():
            monkeypatch.setenv(name, text)
        opened.publish_lira(TODAY, {"USD": ("42", "42.5"), "EUR": ("50", "50.4")}, "2026/7")
        opened.publish_euro(YESTERDAY, {"USD": "1.1", "TRY": "50"})
        yield opened


def test_each_bank_is_asked_once_and_each_tenant_keeps_its_rates(shop, run, artifacts, banks):
    from flows.refresh_rates import refresh_rates  # noqa: PLC0415  after Prefect's settings, see tests.prefect_server

    other = shop.house.pricing(shop.house.tenant("other", create=True))
    state = run(refresh_rates)
    assert (state.name, state.message) == ("Completed", "4 bulletins: 4 accepted")
    assert sorted(banks.asked) == sorted(set(banks.asked))
    assert len(banks.asked) == 2
    ours = shop.house.pricing(shop.house.tenant("acme"))
    for pricing in (ours, other):
        assert {(row.source, row.status) for row in list_bulletins(pricing)} == {
            ("ecb", "accepted"), ("tcmb", "accepted"),
        }  # fmt: skip
    assert shop.ask("SELECT source, count(*) FROM core.exchange_rates GROUP BY ALL ORDER BY ALL") == [
        ("ecb", 2), ("tcmb", 2),
    ]  # fmt: skip
    assert json.loads(artifacts("refresh-rates")) == []

    again = run(refresh_rates, "acme", "tcmb")
    assert (again.name, again.message) == ("Completed", "1 bulletins: 1 accepted")
    assert [row.version for row in list_bulletins(ours)] == [1, 1]


def test_what_jumps_ends_the_run_as_held_and_is_listed(shop, run, artifacts, banks):
    from flows.refresh_rates import refresh_rates  # noqa: PLC0415  as above

    pricing = shop.house.pricing(shop.house.tenant("acme"))
    keep_bulletin(pricing, lira(YESTERDAY, {"USD": ("40", "40.5"), "EUR": ("40", "40.5")}))
    state = run(refresh_rates, source="tcmb")
    assert (state.is_completed(), state.name) == (True, "Held")
    assert state.message == (
        f"Held: tcmb 2026/7 of {TODAY} for acme: EUR in TRY buying 40 → 50 (+25 % since {YESTERDAY})"
    )
    assert json.loads(artifacts("refresh-rates")) == [
        {
            "tenant": "acme", "bulletin": f"tcmb 2026/7 of {TODAY}", "base": "EUR", "quote": "TRY", "side": "buying",
            "before": "40", "after": "50", "change": "+25", "than": str(YESTERDAY),
        }
    ]  # fmt: skip
    assert [row.status for row in list_bulletins(pricing)] == ["held", "accepted"]


def test_a_bank_or_a_tenant_that_fails_stops_none_of_the_others(shop, run, banks):
    from flows.refresh_rates import refresh_rates  # noqa: PLC0415  as above

    shop.house.tenant("other", create=True)
    broken = shop.house.settings.home / "lake" / "other"
    broken.write_text("in the way")
    banks.documents[EURO] = b"Bakim"
    state = run(refresh_rates)
    assert state.is_failed()
    assert "3 bulletins: 2 failed, 1 accepted. ecb: " in state.message
    assert f"tcmb 2026/7 of {TODAY} for other: " in state.message
    pricing = shop.house.pricing(shop.house.tenant("acme"))
    assert [(row.source, row.status) for row in list_bulletins(pricing)] == [("tcmb", "accepted")]


def test_a_bank_that_is_not_there_is_told_in_a_sentence(shop, run, banks):
    from flows.refresh_rates import refresh_rates  # noqa: PLC0415  as above

    banks.documents.clear()
    state = run(refresh_rates, "acme", "tcmb")
    assert state.is_failed()
    assert state.message.startswith("1 bulletins: 1 failed. tcmb: ")
    assert f"there is no bulletin of {TODAY} and of the 12 days before" in state.message
    assert "\n" not in state.message
