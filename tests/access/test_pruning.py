"""Sessions, refresh tokens and links that ended more than thirty days ago are forgotten; nothing else is."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from meschain.access import links, sessions
from meschain.access.grants import GivenRole
from meschain.access.privacy import erase, find_subject
from meschain.access.pruning import KEEP, prune
from meschain.access.rules import Unauthenticated
from meschain.access.tables import Link, RefreshToken, UserSession
from meschain.audit.rules import OPERATOR
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction
from tests.access.people import VISITOR, People


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


def counts(people: People) -> tuple[int, int, int]:
    """How many sessions, refresh tokens and links there are."""
    with reading(people.access.everywhere) as session:
        tables = (UserSession, RefreshToken, Link)
        found = [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    return found[0], found[1], found[2]


@pytest.fixture
def tenant(people: People) -> str:
    """A tenant with three sessions of its owner (one was refreshed), its own link, and two for new passwords."""
    tenant = people.tenant()
    owner = people.owner(tenant)
    people.log_in()
    sessions.refresh(people.access, VISITOR, people.log_in().secret.text)
    people.log_in(kind="browser")
    for _ in range(2):
        links.link_new_password(people.access, OPERATOR, owner)
    return tenant


def test_nothing_that_lives_or_ended_lately_is_forgotten(people, tenant):
    before = counts(people)
    assert before[0] == 3
    assert before[2] == 3
    with transaction(people.access.everywhere) as session:
        session.execute(update(UserSession).values(revoked_at=utc_now() - KEEP + timedelta(minutes=1)))
        session.execute(update(Link).values(used_at=utc_now() - KEEP + timedelta(minutes=1)))
    assert prune(people.access, utc_now()) == 0
    assert counts(people) == before


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_an_old_session_goes_with_its_tokens(people, tenant, column):
    fresh = people.log_in()
    with transaction(people.access.everywhere) as session:
        old = utc_now() - KEEP - timedelta(minutes=1)
        session.execute(update(UserSession).where(UserSession.id != fresh.id).values({column: old}))
    assert prune(people.access, utc_now()) == 3
    assert counts(people) == (1, 1, 3)
    assert sessions.refresh(people.access, VISITOR, fresh.secret.text).id == fresh.id


def test_a_token_of_a_forgotten_session_lets_nobody_in(people, tenant):
    opened = people.log_in()
    assert prune(people.access, utc_now() + timedelta(days=61)) == 7
    assert counts(people) == (0, 0, 0)
    with pytest.raises(Unauthenticated):
        sessions.refresh(people.access, VISITOR, opened.secret.text)


@pytest.mark.parametrize("column", ["expires_at", "used_at"])
def test_an_old_link_goes(people, tenant, column):
    with transaction(people.access.everywhere) as session:
        session.execute(update(Link).values({column: utc_now() - KEEP - timedelta(minutes=1)}))
    assert prune(people.access, utc_now()) == 3
    assert counts(people)[2] == 0


def test_an_invitation_stays_for_by_it_the_person_is_found(people, tenant):
    links.invite(people.access, OPERATOR.of_tenant(tenant), tenant, "dora@example.com", [GivenRole("ops")])
    prune(people.access, utc_now() + timedelta(days=61))
    assert counts(people) == (0, 0, 1)
    erase(people.access, OPERATOR, find_subject(people.access, "dora@example.com"))
    prune(people.access, utc_now() + timedelta(days=61))
    assert counts(people) == (0, 0, 0)
