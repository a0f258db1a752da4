"""Whoever is erased is erased under every id that leads to it, takes nothing of others along, and the log proves it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from commerce.errors import Refused
from meschain.access import api_keys, links, members, own_roles, privacy
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.personal_export import export_person
from meschain.access.roles import Rights
from meschain.access.rules import Forbidden, NotFound, Unauthenticated
from meschain.access.tables import Link
from meschain.audit.context import Audit
from meschain.audit.rules import OPERATOR, Actor
from meschain.audit.tables import Entry, SubjectKey
from meschain.audit.verification import verify_log
from meschain.store.base import utc_now
from meschain.store.scrubbing import Scrubbed
from meschain.store.session import reading
from tests.access.people import PASSWORD, VISITOR, WAY, People

EMAIL = "dora@example.com"


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


@pytest.fixture
def audit(people) -> Audit:
    return Audit(people.access.engine, people.access.vault, people.access.log, people.access.installation)


def invite(people: People, tenant: str, email: str = EMAIL, role: str = "viewer") -> str:
    return links.invite(people.access, OPERATOR.of_tenant(tenant), tenant, email, [GivenRole(role)])[1]


def destroyed(people: People) -> int:
    with reading(people.access.everywhere) as session:
        query = select(func.count()).select_from(SubjectKey).where(SubjectKey.destroyed_at.is_not(None))
        return session.scalar(query) or 0


def test_one_address_is_one_person_however_often_it_is_invited(people, audit):
    texts = [invite(people, people.tenant(slug)) for slug in ("one", "two", "three")]
    user_id = links.accept(people.access, VISITOR, texts[0], Newcomer("Dora", PASSWORD))
    assert links.accept(people.access, VISITOR, texts[1], Newcomer(password=PASSWORD)) == user_id
    assert privacy.find_subject(people.access, EMAIL) == user_id
    privacy.erase(people.access, OPERATOR, user_id)
    with pytest.raises(NotFound):
        links.look_at(people.access, texts[2])
    with pytest.raises(NotFound):
        privacy.find_subject(people.access, EMAIL)
    with reading(people.access.everywhere) as session:
        assert {link.profile for link in session.scalars(select(Link))} == {None}
        assert {link.email_token for link in session.scalars(select(Link))} == {None}
    assert destroyed(people) == 3  # each invitation had a key of its own
    assert people.tags().count("privacy:subject:erased") == 4  # in both its tenants, and of the two other keys
    assert people.tags().count("access:invitation:revoked") == 1
    assert verify_log(audit).ok


def test_whoever_was_only_invited_is_erased_by_the_address(people, audit):
    texts = [invite(people, people.tenant(slug)) for slug in ("one", "two")]
    privacy.erase(people.access, OPERATOR, privacy.find_subject(people.access, EMAIL))
    for text in texts:
        with pytest.raises(NotFound):
            links.look_at(people.access, text)
    assert destroyed(people) == 2
    assert verify_log(audit).ok


def test_who_came_as_a_first_owner_is_erased_with_what_others_knew_of_the_address(people, audit):
    invite(people, people.tenant("other"))
    tenant = people.tenant()
    dora = people.owner(tenant, EMAIL)
    people.member(tenant, "emir@example.com", "owner")
    privacy.erase(people.access, OPERATOR, dora)
    assert destroyed(people) == 2
    assert verify_log(audit).ok


def test_a_tenants_erasure_takes_nothing_from_another(people, audit):
    here, there = people.tenant("here"), people.tenant("there")
    owner = people.owner(here, "owner@example.com")
    theirs = invite(people, there)
    squatter = links.accept(people.access, VISITOR, invite(people, here), Newcomer("Squatter", "başka 9 bir parola"))
    privacy.erase(people.access, Actor("user", owner, here), squatter, tenant_id=here)
    assert [email for _, email in links.list_invitations(people.access, there)] == [EMAIL]
    dora = links.accept(people.access, VISITOR, theirs, Newcomer("Dora", PASSWORD))
    assert dora != squatter
    assert people.log_in(EMAIL).tenant == "there"
    assert verify_log(audit).ok


def test_the_operator_erases_everywhere_what_a_tenants_erasure_left(people, audit):
    first, second, third = (people.tenant(slug) for slug in ("first", "second", "third"))
    owner = people.owner(second, "owner@example.com")
    dora = links.accept(people.access, VISITOR, invite(people, first), Newcomer("Dora", PASSWORD))
    links.accept(people.access, VISITOR, invite(people, second), Newcomer(password=PASSWORD))
    invite(people, third)
    members.remove_member(people.access, OPERATOR.of_tenant(first), first, dora)
    privacy.erase(people.access, Actor("user", owner, second), dora, tenant_id=second)
    erased = select(Entry.tenant_id, Entry.actor_kind).where(Entry.tag == "privacy:subject:erased")
    with reading(people.access.everywhere) as session:  # the first knew her under the key of her own invitation
        found = set(session.execute(erased).tuples())
    assert found == {(first, "system"), (second, "user")}
    assert not privacy.erase(people.access, OPERATOR, privacy.find_subject(people.access, EMAIL)).repeated
    assert links.list_invitations(people.access, third) == []
    with pytest.raises(NotFound):
        privacy.find_subject(people.access, EMAIL)
    assert destroyed(people) == 3
    assert verify_log(audit).ok


def test_whoever_knew_the_person_is_told(people):
    here, there = people.tenant("here"), people.tenant("there")
    dora = links.accept(people.access, VISITOR, invite(people, here), Newcomer("Dora", PASSWORD))
    links.accept(people.access, VISITOR, invite(people, there), Newcomer(password=PASSWORD))
    people.log_in(EMAIL, tenant="there")
    members.remove_member(people.access, OPERATOR.of_tenant(there), there, dora)
    privacy.erase(people.access, OPERATOR, dora)
    told = select(Entry.tenant_id).where(Entry.tag == "privacy:subject:erased", Entry.target == f"user {dora}")
    with reading(people.access.everywhere) as session:
        assert set(session.scalars(told)) == {here, there}


def test_by_an_invitations_id_the_person_itself_is_erased(people, audit):
    one, two = people.tenant("one"), people.tenant("two")
    dora = links.accept(people.access, VISITOR, invite(people, one), Newcomer("Dora", PASSWORD))
    text = invite(people, two)
    with reading(people.access.everywhere) as session:
        (alias,) = session.scalars(select(Link.user_id).where(Link.tenant_id == two))
    links.accept(people.access, VISITOR, text, Newcomer(password=PASSWORD))
    assert privacy.find_subject(people.access, alias) == dora
    privacy.erase(people.access, OPERATOR, dora)
    with pytest.raises(Unauthenticated):
        people.log_in(EMAIL, tenant="one")
    assert verify_log(audit).ok


def test_an_erasure_ends_what_the_person_has_made_to_let_somebody_in(people):
    tenant = people.tenant()
    people.owner(tenant)
    admin = people.member(tenant, "admin@example.com", "admin")
    by = Actor("user", admin, tenant)
    until = utc_now() + timedelta(days=1)
    _, key = api_keys.create_api_key(people.access, by, tenant, "mine", [GivenRole("admin")], expires_at=until)
    _, text = links.invite(people.access, by, tenant, "friend@example.com", [GivenRole("admin")])
    privacy.erase(people.access, OPERATOR, admin)
    with pytest.raises(Unauthenticated):
        people.authenticator.by_bearer(key, WAY)
    with pytest.raises(NotFound):
        links.look_at(people.access, text)


def test_an_able_owner_stays(people):
    tenant = people.tenant()
    owner = people.owner(tenant)
    own_roles.create_role(people.access, OPERATOR.of_tenant(tenant), tenant, "no-access", Rights((), ("access:*",)))
    people.member(tenant, "other@example.com", "owner", "no-access")
    with pytest.raises(Refused, match="no owner left"):
        privacy.erase(people.access, OPERATOR, owner)
    assert people.log_in().user_id == owner


def test_nobody_erases_whom_he_may_not_remove(people):
    tenant = people.tenant()
    owner = people.owner(tenant)
    people.member(tenant, "second@example.com", "owner")
    own_roles.create_role(
        people.access, OPERATOR.of_tenant(tenant), tenant, "privacy", Rights(("personal:*", "access:*"))
    )
    clerk = Actor("user", people.member(tenant, "clerk@example.com", "privacy"), tenant)
    viewer = people.member(tenant, "viewer@example.com", "viewer")
    for act in (
        lambda: members.remove_member(people.access, clerk, tenant, owner),
        lambda: privacy.erase(people.access, clerk, owner, tenant_id=tenant),
        lambda: privacy.erase(people.access, Actor("user", viewer, tenant), viewer, tenant_id=tenant),
    ):
        with pytest.raises(Forbidden):
            act()
    assert people.log_in().user_id == owner


def test_an_erasure_that_left_copies_is_ended_later(people, monkeypatch):
    asked: list[int] = []

    def scrub(answer: Scrubbed):
        return lambda *_: asked.append(1) or answer

    monkeypatch.setattr(privacy, "scrub", scrub(Scrubbed()))
    privacy.finish_erasures(people.access)
    assert not asked  # nobody was erased
    dora = links.accept(people.access, VISITOR, invite(people, people.tenant()), Newcomer("Dora", PASSWORD))
    monkeypatch.setattr(privacy, "scrub", scrub(Scrubbed("somebody reads", done=False)))
    privacy.erase(people.access, OPERATOR, dora)
    privacy.finish_erasures(people.access)
    assert len(asked) == 2
    # What only an administrator can do is not tried again and again.
    monkeypatch.setattr(privacy, "scrub", scrub(Scrubbed("have an administrator run CHECKPOINT")))
    privacy.finish_erasures(people.access)
    privacy.finish_erasures(people.access)
    assert len(asked) == 3


def test_a_person_is_given_what_every_invitation_keeps_of_it(people):
    tenants = [people.tenant(slug) for slug in ("one", "two")]
    texts = [invite(people, tenant) for tenant in tenants]
    dora = links.accept(people.access, VISITOR, texts[1], Newcomer("Dora", PASSWORD))
    told = export_person(people.access, OPERATOR, dora)
    assert [(each["tenant"], each["email"]) for each in told["invitations"]] == [("one", EMAIL), ("two", EMAIL)]
    made = [entry["personal"] for entry in told["entries"] if entry["tag"] == "access:invitation:created"]
    assert made == [{"email": EMAIL}, {"email": EMAIL}]
    own = export_person(people.access, OPERATOR, dora, tenant_id=tenants[1])
    assert [each["tenant"] for each in own["invitations"]] == ["two"]
    assert people.tags()[-2:] == ["privacy:personal-data:exported"] * 2
