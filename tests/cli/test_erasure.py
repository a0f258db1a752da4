"""Who is erased on PostgreSQL is gone from its files and from ours: name, address, browser, key; and proofs hold."""

from pathlib import Path

import psycopg
import pytest

from meschain.access import login
from meschain.access.links import Newcomer, accept
from meschain.access.rules import Unauthenticated
from meschain.audit.rules import Actor
from meschain.settings import Settings, StoreSettings, variable_of
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.access.people import PASSWORD
from tests.cli.command import Command

MARK = new_id()[-12:]
"""Other tests of this server leave names too: these are nobody else's."""
NAME, EMAIL = f"Zeynep Çağla-{MARK}", f"zeynep-{MARK}@example.com"
BROWSER, ADDRESS = f"Browser-{MARK}", "2001:db8::5eb1:77"
OWNER = f"owner-{MARK}@example.com"


@pytest.fixture
def meschain(fresh_meschain: Command, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command on an installation whose store is that PostgreSQL database."""
    monkeypatch.setenv(variable_of("store", "url"), postgres_database)
    fresh_meschain("tenant", "add", f"acme-{MARK}")
    return fresh_meschain


def test_no_byte_of_an_erased_person_is_left(meschain: Command, postgres_database: str) -> None:
    _live(meschain, postgres_database)
    with psycopg.connect(postgres_database) as connection:
        data = Path(connection.execute("SHOW data_directory").fetchone()[0])  # type: ignore[index]  # one row, always
        (user,) = connection.execute("SELECT subject FROM audit_payloads GROUP BY 1 HAVING count(*) > 2").fetchone()  # type: ignore[misc]  # there is one
        key = connection.execute("SELECT sealed FROM audit_subject_keys WHERE subject = %s", (user,)).fetchone()[0]  # type: ignore[index]  # as above
        connection.execute("CHECKPOINT")
    assert _holding(data / "base", key)
    assert _holding(data / "base", f"acme-{MARK}".encode())
    erased = meschain("privacy", "erase", EMAIL, "--yes", "--json").json()
    assert erased == {"subject": user, "complete": True, "hint": ""}
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("VACUUM")
        connection.execute("CHECKPOINT")
    assert not _holding(data / "base", key)
    for word in (NAME, EMAIL, BROWSER, ADDRESS, "Zeynep Çağla", f"zeynep-{MARK}"):
        for form in (word.encode(), word.encode().hex().encode(), word.encode("utf-16-le")):
            assert not _holding(data, form), word
            assert not _holding(meschain.home, form), word
    assert meschain("audit", "verify", "--json").json()["ok"] is True


def _live(meschain: Command, url: str) -> None:
    """A person is invited, comes, mistypes its password and logs in."""
    person = Actor("anonymous", request_id="req", ip=ADDRESS, user_agent=BROWSER)
    first = meschain("tenant", "invite-owner", f"acme-{MARK}", "--json").json()["link"]
    house = House(Settings(home=meschain.home, store=StoreSettings(url=url)))
    accept(house.access, person, first.rpartition("/")[2], Newcomer("Owner", PASSWORD, OWNER))
    invited = meschain("user", "invite", EMAIL, "--role", "ops", "--json").json()["link"]
    accept(house.access, person, invited.rpartition("/")[2], Newcomer(NAME, PASSWORD))
    for password in ("wrong", PASSWORD):
        try:
            known = login.check_password(house.access, person, EMAIL, password)
        except Unauthenticated:
            continue
        login.log_in(house.access, person, known.user_id, code=None, tenant=None, kind="browser")
    house.close()


def _holding(folder: Path, word: bytes) -> list[Path]:
    """The files that have these bytes anywhere."""
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]
