"""kill -9 amid audited acts: what was acknowledged is in the log, and the log says of the state what the state is."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from meschain.access import links
from meschain.access.links import Newcomer
from meschain.access.own_roles import create_role, get_role
from meschain.access.roles import Rights
from meschain.access.tables import UserSession
from meschain.audit.checkpoints import checkpoint
from meschain.audit.rules import OPERATOR, Tag
from meschain.audit.tables import Entry
from meschain.audit.verification import verify_log
from meschain.catalog.runs import recover
from meschain.catalog.suppliers import ensure_supplier
from meschain.catalog.tables import Run
from meschain.sandbox import changes
from meschain.sandbox.assortment import assortment
from meschain.sandbox.feeds import turkish_csv
from meschain.settings import LakeSettings, Settings, StoreSettings
from meschain.store.session import reading
from meschain.wiring import House
from tests.access.people import PASSWORD, VISITOR
from tests.faults.audited import EMAIL, READY, ROLE, SUPPLIER, TENANT, act, hold
from tests.processes import FORKS

_POLL, _LONGEST = 0.001, 60.0
_ROWS, _SECONDS = 200, 3.0
"""Within so many seconds every kind of act is done several times."""


@pytest.fixture
def settings(home: Path, store_url: str) -> Settings:
    return Settings(home=home, store=StoreSettings(url=store_url), lake=LakeSettings(threads=1))


@pytest.fixture
def owner(settings: Settings) -> str:
    """A tenant's owner, who may change a role."""
    house = House(settings)
    tenant = house.tenant(TENANT, create=True)
    text = links.invite_first_owner(house.access, tenant.id)
    user_id = links.accept(house.access, VISITOR, text, Newcomer("Ayşe", PASSWORD, EMAIL))
    create_role(house.access, OPERATOR.of_tenant(tenant.id), tenant.id, ROLE, Rights(("catalog:read",)))
    house.close()
    return user_id


@pytest.fixture
def feeds(tmp_path: Path) -> list[Path]:
    """Two feeds, of which each is held after the other: most offers vanish, and come again with other prices."""
    whole = assortment(_ROWS, 1)
    paths = [tmp_path / "whole.csv", tmp_path / "half.csv"]
    turkish_csv.DIALECT.write(whole, paths[0])
    turkish_csv.DIALECT.write(changes.vanish(whole, 1).after, paths[1])
    return paths


@pytest.mark.acceptance
def test_log_and_state_agree_after_every_kill(settings, owner, feeds, tmp_path, full_size):
    seed = random.randrange(1_000_000)
    chance, told, unacknowledged = random.Random(seed), tmp_path / "told", 0
    for _ in range(50 if full_size else 3):
        _hold(settings, feeds)
        _kill(settings, owner, feeds, told, chance.uniform(0, _SECONDS))
        unacknowledged = _agreed(settings, told)
    kinds = Counter(line.partition(" ")[0] for line in told.read_text().splitlines())
    print(f"\nseed {seed}: {dict(kinds)} were acknowledged, {unacknowledged} more had happened")
    assert not full_size or {"role", "session", "run"} <= kinds.keys()


def _hold(settings: Settings, feeds: list[Path]) -> None:
    """Let a run wait for its approval, so that nobody has to spend its short life on bringing a feed in."""
    house = House(settings)
    hold(house.catalog(house.tenant(TENANT)), feeds)
    house.close()


def _kill(settings: Settings, owner: str, feeds: list[Path], told: Path, seconds: float) -> None:
    """Let somebody act, and end it after so many seconds as a power cut would."""
    before = _ready(told)
    process = FORKS.Process(target=act, args=(settings, owner, feeds, told))
    process.start()
    handle = os.pidfd_open(process.pid or 0)
    deadline = time.monotonic() + _LONGEST
    while _ready(told) == before and process.is_alive() and time.monotonic() < deadline:
        time.sleep(_POLL)
    process.join(seconds)
    assert process.exitcode is None, "it ended by itself"
    signal.pidfd_send_signal(handle, signal.SIGKILL)
    process.join()
    os.close(handle)
    if settings.store.url.startswith("postgresql"):
        _await_end(settings.store.url)


def _ready(told: Path) -> int:
    return told.read_text().splitlines().count(READY) if told.exists() else 0


def _await_end(url: str) -> None:
    """Wait until the server has noticed: a commit that was under way is still carried out."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + _LONGEST
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(f"{others} AND backend_type = 'client backend'").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(_POLL)


def _agreed(settings: Settings, told: Path) -> int:
    """See that log, state and what was acknowledged agree; gives how many acts are there that were not."""
    house = House(settings)
    tenant = house.tenant(TENANT)
    catalog = house.catalog(tenant)
    recover(catalog, ensure_supplier(catalog, SUPPLIER))
    role = get_role(house.access, tenant.id, ROLE)
    with reading(house.audit.of(tenant.id)) as session:
        entries = [(entry.tag, entry.target) for entry in session.scalars(select(Entry).order_by(Entry.sequence))]
        sessions = {f"session {each}" for each in session.scalars(select(UserSession.id))}
        applied = select(Run.id).where(Run.status == "applied", Run.decided_by.is_not(None))
        approved = {f"run {each}" for each in session.scalars(applied)}
    changed = [f"role {number}" for number in range(2, role.version + 1)]
    assert len([tag for tag, _ in entries if tag == Tag.ROLE_CHANGED]) == len(changed)
    assert sorted(target for tag, target in entries if tag == Tag.LOGIN_SUCCEEDED) == sorted(sessions)
    assert sorted(target for tag, target in entries if tag == Tag.RUN_APPROVED) == sorted(approved)
    lines = set(told.read_text().splitlines()) - {READY}
    happened = {*changed, *sessions, *approved}
    assert lines <= happened
    assert verify_log(house.audit).findings == ()
    note = checkpoint(house.audit).note
    assert verify_log(house.audit, [note]).ok
    house.close()
    return len(happened - lines)
