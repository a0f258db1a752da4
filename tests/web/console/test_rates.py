"""Pages of rates: what is held comes first with its jumps, and is decided by who may and has seen it as it is."""

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from meschain.pricing.context import Pricing
from meschain.pricing.rates import get_bulletin, keep_bulletin
from tests.homes import TENANT
from tests.pricing.bank import euro, exchanged, lira
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from tests.web.stage import Stage, staged

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


@pytest.fixture
def stage(furnished_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A tenant with an owner, an analyst and a viewer; its dollar jumps on Tuesday."""
    with staged(Path(shutil.copytree(furnished_home, tmp_path / "home"))) as opened:
        tenant = opened.app.state.house.tenant(TENANT)
        opened.people.owner(tenant.id, "ayse@example.com")
        opened.people.member(tenant.id, "looks@example.com", "analyst")
        opened.people.member(tenant.id, "sells@example.com", "viewer")
        for day, rate in ((MONDAY, "40.0001"), (TUESDAY, "48")):
            keep_bulletin(pricing(opened), lira(day, {"USD": (rate, "48.5")}, f"2026/{day.day}"))
        yield opened


def pricing(stage: Stage) -> Pricing:
    house = stage.app.state.house
    return house.pricing(house.tenant(TENANT))


def owner(stage: Stage, language: str = "en") -> Surfer:
    return Surfer(stage).log_in("ayse@example.com").press("/language", language=language).go("/console/rates")


def test_what_is_held_comes_first_and_is_approved(stage: Stage) -> None:
    surfer = owner(stage)
    check(surfer.page, surfer.place)
    text = surfer.text
    assert text.index("Waits for a decision") < text.index("2026/5")
    assert "USD → TRY the bank pays 40.0001 48 19.9997 5 Jan 2026" in text
    surfer.press("/approve")
    assert surfer.place.startswith("/console/rates?notice=rates-approved")
    assert "The rates were approved" in surfer.text
    assert "Waits for a decision" not in surfer.text
    assert get_bulletin(pricing(stage), "tcmb", TUESDAY).decided_by.startswith("user:")
    assert exchanged(pricing(stage), "USD", "TRY", TUESDAY, "tcmb", "buying").rate == 48


def test_one_bulletin_is_looked_at_and_rejected_with_a_reason(stage: Stage) -> None:
    surfer = owner(stage)
    assert "/console/rates/tcmb/2026-01-06" in surfer.links()
    surfer.go("/console/rates/tcmb/2026-01-06")
    check(surfer.page, surfer.place)
    assert "USD TRY 48 48.5" in surfer.text
    surfer.send("/console/rates/tcmb/2026-01-06/reject", version="1", note="a misprint")
    assert "The rates were rejected" in surfer.text
    surfer.go("/console/rates/tcmb/2026-01-06")
    assert "a misprint" in surfer.text
    assert "Approve" not in surfer.text
    assert exchanged(pricing(stage), "USD", "TRY", TUESDAY, "tcmb", "buying").rate == Decimal("40.0001")


def test_what_was_published_meanwhile_is_not_decided_unseen(stage: Stage) -> None:
    surfer = owner(stage).go("/console/rates/tcmb/2026-01-06")
    keep_bulletin(pricing(stage), lira(TUESDAY, {"USD": ("480", "485")}, "2026/6"))
    surfer.press("/approve")
    assert surfer.answer.status_code == 409
    check(surfer.page, surfer.place)
    assert "published other rates of 2026-01-06 meanwhile" in surfer.text
    assert "USD TRY 480 485" in surfer.text
    assert get_bulletin(pricing(stage), "tcmb", TUESDAY).status == "held"


def test_a_correction_is_shown_beside_what_is_used(stage: Stage) -> None:
    keep_bulletin(pricing(stage), euro(MONDAY, {"USD": "1.1", "TRY": "50"}))
    keep_bulletin(pricing(stage), euro(MONDAY, {"USD": "1.1", "GBP": "0.9"}))
    surfer = owner(stage).go("/console/rates/ecb/2026-01-05")
    check(surfer.page, surfer.place)
    its, used = surfer.text.split("Used in their place")[0], surfer.text.split("Used in their place")[1]
    assert "EUR GBP 0.9 0.9" in its
    assert "EUR TRY 50 50" in used


def test_the_list_is_narrowed_down(stage: Stage) -> None:
    surfer = owner(stage).go("/console/rates?status=accepted&source=tcmb")
    assert "5 Jan 2026" in surfer.text
    assert "No bulletin fits." in surfer.go("/console/rates?source=ecb").text


def test_in_turkish(stage: Stage) -> None:
    surfer = owner(stage, "tr")
    assert "Karar bekleyenler" in surfer.text
    assert "Türkiye Cumhuriyet Merkez Bankası, 6 Oca 2026" in surfer.text
    assert "40,0001" in surfer.text


def test_the_newest_are_fetched_by_a_flow(stage: Stage) -> None:
    surfer = owner(stage).press("/refresh")
    assert surfer.place.startswith("/console/triggers/")
    assert "refresh-rates" in surfer.text


def test_who_may_only_look_is_offered_nothing_to_do(stage: Stage) -> None:
    surfer = Surfer(stage).log_in("looks@example.com").go("/console/rates")
    assert surfer.answer.status_code == 200
    acts = {str(form.action) for form in surfer.page.forms if form.method == "POST"}
    assert not [act for act in acts if "rates" in act]
    surfer.send("/console/rates/tcmb/2026-01-06/approve", version="1")
    assert surfer.answer.status_code == 403
    stranger = Surfer(stage).log_in("sells@example.com")
    assert "/console/rates" not in stranger.links()
    assert stranger.go("/console/rates").answer.status_code == 403
