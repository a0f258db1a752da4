"""Several names are held as if each were held alone, on one connection however many they are."""

import pytest
from sqlalchemy import Engine, text

from meschain.settings import Settings
from meschain.store.exclusion import Busy, exclusive
from meschain.store.several import all_exclusive

NAMES = [f"lake-{number}" for number in range(30)]


def test_they_exclude_whoever_wants_one_of_them(engine: Engine, settings: Settings) -> None:
    locks = settings.locks_dir()
    with all_exclusive(engine, locks, NAMES, holder="backup", wait_seconds=0):
        for name in (NAMES[0], NAMES[-1]):
            with pytest.raises(Busy, match="backup"), exclusive(engine, locks, name):
                pass
        with exclusive(engine, locks, "lake-of-another"):
            pass
    for name in NAMES:
        with exclusive(engine, locks, name):
            pass


def test_they_wait_for_one_that_is_held_and_then_give_up(engine: Engine, settings: Settings) -> None:
    locks = settings.locks_dir()
    with (
        exclusive(engine, locks, NAMES[3], holder="a sync"),
        pytest.raises(Busy, match="lake-3 is being worked on"),
        all_exclusive(engine, locks, NAMES, holder="backup", wait_seconds=0.2),
    ):
        pass
    with all_exclusive(engine, locks, NAMES, holder="backup", wait_seconds=0):  # nothing of the attempt is left
        pass


def test_an_error_within_lets_them_go(engine: Engine, settings: Settings) -> None:
    locks = settings.locks_dir()
    with pytest.raises(ValueError, match="within"), all_exclusive(engine, locks, NAMES, holder="", wait_seconds=0):
        raise ValueError("within")
    with exclusive(engine, locks, NAMES[0]):
        pass


def test_postgresql_needs_one_connection_for_all(engine: Engine, settings: Settings) -> None:
    if engine.dialect.name != "postgresql":
        return
    count = text("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'backup, process%'")
    locks = settings.locks_dir()
    with all_exclusive(engine, locks, NAMES, holder="backup", wait_seconds=0), engine.connect() as connection:
        assert connection.scalar(count) == 1
