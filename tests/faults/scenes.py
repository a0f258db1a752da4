"""Acts that are to be broken off: the data folder before each of them, and what it shows before and after."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from meschain.catalog.profile import FieldRule, Rewrite
from meschain.catalog.suppliers import current_profile, get_supplier, save_profile
from meschain.sandbox import changes
from meschain.sandbox.assortment import Assortment, assortment
from meschain.sandbox.changes import Step
from meschain.sandbox.feeds import turkish_csv
from meschain.sandbox.flaws import Flaw
from meschain.settings import Settings, private_dir
from meschain.wiring import House
from tests.faults import children, states
from tests.faults.states import Moment, Seen

SUPPLIER = "acme"
Phase = Literal["reading", "writing", "committed"]
"""Before the first file of the lake's data is there; from then to the end; the moment after the lake's commit."""
_POLL = 0.001


class Stage:
    """A data folder that is put back as it was, at the same place, as often as needed; and feeds to bring into it.

    Its lake is worked on by one thread: that is no less to be broken off, and takes half the time.
    """

    def __init__(self, folder: Path, rows: int, seed: int) -> None:
        self.settings = Settings.model_validate({"home": private_dir(folder / "home"), "lake": {"threads": 1}})
        self._saved = folder / "saved"
        self._folder = folder
        flaws = {Flaw.NEGATIVE_PRICE: 5, Flaw.AMBIGUOUS_PRICE: 3, Flaw.MISSING_SKU: 2}
        self.first = changes.spoil(assortment(rows, seed), seed, flaws).after
        self.second = changes.evolve(self.first, seed + 1).after

    def feed(self, name: str, state: Assortment | Step) -> str:
        """Path of a written feed."""
        path = self._folder / f"{name}.csv"
        if not path.exists():
            turkish_csv.DIALECT.write(state if isinstance(state, Assortment) else state.after, path)
        return str(path)

    def bring(self, name: str, state: Assortment | Step) -> str:
        """Import a feed; gives the run's id."""
        ended = children.run(self.settings, *importing(self.feed(name, state)))
        assert ended.code in {0, 3}, ended.err
        return str(ended.result["run_id"])

    def save(self) -> None:
        shutil.copytree(self.settings.home, self._saved)

    def put_back(self) -> None:
        shutil.rmtree(self.settings.home)
        shutil.copytree(self._saved, self.settings.home)


@dataclass(frozen=True, slots=True)
class Act:
    """A command on a stage, with what the lake shows before and after it when nothing disturbs it."""

    stage: Stage
    argv: tuple[str, ...]
    code: int
    since: Moment
    before: Seen
    after: Seen
    seconds: float
    first_write: float
    """Seconds from the beginning until the first file of the lake's data was there; two thirds of all if none is."""
    snapshot: int
    """The lake's newest one at the end."""


def importing(path: str) -> tuple[str, ...]:
    """The command that brings a feed in."""
    return ("catalog", "import", path, "--supplier", SUPPLIER, "--json")


def rehearse(stage: Stage, argv: tuple[str, ...]) -> Act:
    """Save the stage as it is and do the act once undisturbed."""
    since = Moment.now()
    stage.save()
    command = children.Command(stage.settings, *argv)
    wait_for(command, partial(_wrote, stage.settings, _data_files(stage.settings)))
    first_write = time.monotonic() - command.began
    ended = command.wait()
    assert ended.code in {0, 3}, ended.err
    wrote = ended.seconds - first_write > 2 * _POLL
    with states.opened(stage.settings) as (house, lake):
        after = states.look(lake, since)
        states.check_runs(house, lake)
        assert not states.leftovers(stage.settings, house)
    snapshot = _snapshot(stage.settings)
    stage.put_back()
    with states.opened(stage.settings) as (_, lake):
        before = states.look(lake, since)
    seconds = ended.seconds
    return Act(
        stage, argv, ended.code, since, before, after, seconds, first_write if wrote else seconds * 2 / 3, snapshot
    )


def kill_at(act: Act, chance: random.Random, phase: Phase) -> tuple[bool, float]:
    """Do the act from the saved state on and kill it in a phase.

    Gives whether it was still at work, and after how many seconds it was killed.
    """
    act.stage.put_back()
    settings = act.stage.settings
    files = _data_files(settings)
    command = children.Command(settings, *act.argv)
    if phase == "reading":
        wait_for(command, partial(_passed, command.began + chance.uniform(0, act.first_write)))
    elif phase == "writing":
        late = command.began + act.first_write
        wait_for(command, lambda: _data_files(settings) != files or time.monotonic() > late)
        wait_for(command, partial(_passed, time.monotonic() + chance.uniform(0, act.seconds - act.first_write)))
    else:
        wait_for(command, lambda: _snapshot(settings) == act.snapshot)
    seconds = time.monotonic() - command.began
    return command.kill(), seconds


def wait_for(command: children.Command, happened: Callable[[], bool]) -> None:
    """Wait until something has happened or the command has ended."""
    while command.running and not happened():
        time.sleep(_POLL)


def _passed(moment: float) -> bool:
    return time.monotonic() >= moment


def _wrote(settings: Settings, files: int) -> bool:
    return _data_files(settings) != files


def _data_files(settings: Settings) -> int:
    return sum(1 for _ in settings.home.glob("lake/*/data/*/*/*.parquet"))


def _snapshot(settings: Settings) -> int:
    """The lake's newest committed snapshot, read past DuckDB, in a fraction of a millisecond."""
    try:
        with closing(sqlite3.connect(f"file:{settings.home}/lake/default/catalog.sqlite?mode=ro", uri=True)) as catalog:
            return int(catalog.execute("SELECT max(snapshot_id) FROM ducklake_snapshot").fetchone()[0])
    except (sqlite3.OperationalError, TypeError):  # not made yet
        return -1


def first_sync(stage: Stage) -> tuple[str, ...]:
    """The very first command in an empty data folder."""
    return importing(stage.feed("first", stage.first))


def sync(stage: Stage) -> tuple[str, ...]:
    """The second version of a feed: 5 % changed, 1 % new, 1 % gone."""
    stage.bring("first", stage.first)
    return importing(stage.feed("second", stage.second))


def held_sync(stage: Stage) -> tuple[str, ...]:
    """A feed with a decimal shift while another run waits for a decision."""
    stage.bring("first", stage.first)
    stage.bring("shifted", changes.shift_decimals(stage.first, 1))
    return importing(stage.feed("vanished", changes.vanish(stage.first, 1)))


def approval(stage: Stage) -> tuple[str, ...]:
    """A person lets a held run pass."""
    stage.bring("first", stage.first)
    return ("catalog", "approve", stage.bring("vanished", changes.vanish(stage.second, 1)), "--json")


def rollback(stage: Stage) -> tuple[str, ...]:
    """A person undoes the last two runs."""
    stage.bring("first", stage.first)
    undone = stage.bring("second", stage.second)
    stage.bring("third", changes.evolve(stage.second, 3))
    return ("catalog", "rollback", undone, "--json")


def retry(stage: Stage) -> tuple[str, ...]:
    """Quarantined rows are read again after the profile was mended."""
    stage.bring("first", stage.first)
    house = House(stage.settings)
    catalog = house.catalog(house.tenant(None))
    supplier = get_supplier(catalog, SUPPLIER)
    current = current_profile(catalog, supplier)
    assert current is not None
    rule = (
        current[1].fields.get("list_price", FieldRule()).model_copy(update={"rewrite": (Rewrite(match="^-", to=""),)})
    )
    mended = current[1].model_copy(update={"fields": {**current[1].fields, "list_price": rule}})
    save_profile(catalog, supplier, mended, "declared")
    house.close()
    return ("catalog", "retry", SUPPLIER, "--json")


ACTS: dict[str, Callable[[Stage], tuple[str, ...]]] = {
    act.__name__: act for act in (sync, first_sync, held_sync, approval, rollback, retry)
}
