"""kill -9 amid prices and margins: a run is there whole or not at all, and no price is ever out below its floor."""

import random
import signal
import time
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import pytest

from meschain.settings import LakeSettings, Settings
from tests.faults.pricing import READY, refresh
from tests.homes import TENANT
from tests.pricing.stall import Stall, open_stall
from tests.processes import FORKS
from warehouse import invariants

_OFFERS, _SECONDS = 200, 4.0
_WATCHED = ("prices_keep_their_floor", "price_changes_lead_to_the_present", "exchanged_prices_keep_the_bulletin")


@pytest.fixture
def furnished(furnished_home: Path, tmp_path: Path) -> Path:
    """A home with offers, of which the floor refuses a tenth, and rules that are active."""
    home = Path(copytree(furnished_home, tmp_path / "priced"))
    with open_stall(home, TENANT) as stall:
        stall.channel("trendyol")
        stall.offers(*(
            {"supplier_sku": f"A{number}", "cost": Decimal(300), "list_price": Decimal(600 if number % 10 else 400)}
            for number in range(_OFFERS)
        ))  # fmt: skip
        stall.rules({"name": "list", "when": {"cost_below": 400}, "price": {"kind": "list_price"}},
                    {"name": "rest", "price": {"kind": "markup", "rate": 80}})  # fmt: skip
    return home


@pytest.mark.acceptance
def test_a_run_is_whole_or_not_at_all(furnished: Path, tmp_path: Path, full_size: bool) -> None:
    seed = random.randrange(1_000_000)
    chance, told = random.Random(seed), tmp_path / "told"
    settings = Settings(home=furnished, lake=LakeSettings(threads=1))
    for _ in range(30 if full_size else 3):
        _kill(settings, told, chance.uniform(0, _SECONDS))
        with open_stall(furnished, TENANT) as stall:
            _whole(stall, told)
    finished = told.read_text().splitlines()
    print(f"\nseed {seed}: {len(finished)} runs were acknowledged")
    with open_stall(furnished, TENANT) as stall:
        stall.refresh()
        stall.compute()
        _whole(stall, told)
        assert stall.ask("SELECT count(*) FROM core.margins") == [(_OFFERS,)]


def _kill(settings: Settings, told: Path, seconds: float) -> None:
    """Let prices be refreshed, and end it after so many seconds as a power cut would."""
    before = told.read_text().count(READY) if told.exists() else 0
    child = FORKS.Process(target=refresh, args=(settings, told))
    child.start()
    try:
        deadline = time.monotonic() + 60
        while not told.exists() or told.read_text().count(READY) == before:
            assert child.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.001)
        child.join(seconds)
    finally:
        child.kill()
        child.join()
    assert child.exitcode == -signal.SIGKILL


def _whole(stall: Stall, told: Path) -> None:
    """Nothing is half there, and what was acknowledged is there."""
    with stall.pricing.lake.connect(read_only=True) as connection:
        broken = [each for each in invariants.check(connection) if each.name in _WATCHED and not each.holds]
    assert not broken
    assert stall.ask("SELECT count(DISTINCT run_id) <= 1, count(*) IN (0, ?) FROM core.margins", _OFFERS) == [
        (True, True)
    ]
    out, refused = stall.ask(
        "SELECT (SELECT count(*) FROM core.published_prices), (SELECT count(*) FROM core.price_refusals)"
    )[0]
    assert (out, refused) in {(0, 0), (_OFFERS - _OFFERS // 10, _OFFERS // 10)}
    runs = {line.partition(" ")[2] for line in told.read_text().splitlines() if line.startswith("prices ")}
    known = {run for (run,) in stall.ask("SELECT DISTINCT run_id FROM core.price_refusals")}
    last = told.read_text().split("prices ")[-1].split()[0] if runs else None
    assert last is None or last in known or known - runs
