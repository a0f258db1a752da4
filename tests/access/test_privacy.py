"""Whoever is erased is erased under every id that leads to it, and an erasure that was cut short comes to its end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from meschain.access import links, privacy
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.rules import NotFound
from meschain.access.tables import Link
from meschain.audit.rules import OPERATOR
from meschain.audit.tables import SubjectKey
from meschain.store.base import utc_now
from meschain.store.scrubbing import Scrubbed
from meschain.store.session import reading, transaction
from tests.access.people import PASSWORD, VISITOR, People

EMAIL = "dora@example.com"


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


def invited(people: People, slug: str) -> str:
    tenant = people.tenant(slug)
    return links.invite(people.access, OPERATOR.of_tenant(tenant), tenant, EMAIL, [GivenRole("viewer")])[1]


def test_one_address_is_one_person_however_often_it_is_invited(people):
    texts = [invited(people, slug) for slug in ("one", "two", "three")]
    user_id = links.accept(people.access, VISITOR, texts[0], Newcomer("Dora", PASSWORD))
    assert links.accept(people.access, VISITOR, texts[1], Newcomer(password=PASSWORD)) == user_id
    privacy.erase(people.access, OPERATOR, privacy.find_subject(people.access, EMAIL))
    with pytest.raises(NotFound):
        links.look_at(people.access, texts[2])
    with pytest.raises(NotFound):
        privacy.find_subject(people.access, EMAIL)


def test_what_was_kept_of_it_under_another_id_goes_too(people):
    texts = [invited(people, slug) for slug in ("one", "two")]
    with transaction(people.access.everywhere) as session:  # as two who invite it at the same instant leave it
        other = session.scalars(select(Link).order_by(Link.id.desc()).limit(1)).one()
        other.profile = links.seal_profile(session, people.access, "another-id", EMAIL, "")
        other.user_id = "another-id"
    user_id = links.accept(people.access, VISITOR, texts[0], Newcomer("Dora", PASSWORD))
    privacy.erase(people.access, OPERATOR, user_id)
    with reading(people.access.everywhere) as session:
        assert [link.profile for link in session.scalars(select(Link))] == [None, None]
        assert all(link.used_at for link in session.scalars(select(Link)))
        assert session.get_one(SubjectKey, "another-id").destroyed_at is not None


def test_an_erasure_that_left_copies_is_ended_later(people, monkeypatch):
    begun = utc_now() - timedelta(seconds=1)
    assert privacy.finish_erasures(people.access, begun) == begun  # nobody was erased
    texts = invited(people, "one")
    privacy.erase(people.access, OPERATOR, links.accept(people.access, VISITOR, texts, Newcomer("Dora", PASSWORD)))
    with monkeypatch.context() as patched:
        patched.setattr(privacy, "scrub", lambda *_: Scrubbed("somebody reads"))
        assert privacy.finish_erasures(people.access, begun) == begun
    ended = privacy.finish_erasures(people.access, begun)
    assert ended > begun
    with monkeypatch.context() as patched:
        patched.setattr(privacy, "scrub", None)  # not asked again
        assert privacy.finish_erasures(people.access, ended) == ended
