"""Keys and invitations give no more than their makers may, at any time; what was decided too early holds no more."""

from datetime import timedelta

import pytest

from commerce.errors import Refused
from meschain.access import api_keys, links, members, own_roles
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.passwords import Passwords
from meschain.access.roles import Rights
from meschain.access.rules import Forbidden, NotFound, Unauthenticated
from meschain.access.tables import ApiKey, Link
from meschain.audit.rules import OPERATOR, Actor
from meschain.store.base import utc_now
from meschain.store.session import transaction
from tests.access.people import PASSWORD, VISITOR, WAY, People


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


@pytest.fixture
def tenant(people) -> str:
    tenant = people.tenant()
    people.owner(tenant)
    return tenant


@pytest.fixture
def admin(people, tenant) -> str:
    return people.member(tenant, "admin@example.com", "admin")


def key_of(people: People, actor: Actor, tenant: str, role: str = "admin") -> tuple[Actor, str]:
    """A key that the actor makes: as an actor, and its text."""
    until = utc_now() + timedelta(days=1)
    key, text = api_keys.create_api_key(people.access, actor, tenant, "key", [GivenRole(role)], expires_at=until)
    return Actor("api_key", key.id, tenant), text


def invitation_of(people: People, actor: Actor, tenant: str, role: str = "admin", name: str = "friend") -> str:
    return links.invite(people.access, actor, tenant, f"{name}@example.com", [GivenRole(role)])[1]


def is_open(people: People, text: str) -> bool:
    """Whether the key or the link lets somebody in."""
    try:
        if text.startswith("meschain_key_"):
            people.authenticator.by_bearer(text, WAY)
        else:
            links.look_at(people.access, text)
    except (NotFound, Unauthenticated):
        return False
    return True


def count(people: People, *tags: str) -> list[int]:
    """How often the log says so."""
    return [people.tags().count(tag) for tag in tags]


def removed(people, tenant, admin):
    members.remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, admin)


def demoted(people, tenant, admin):
    members.set_grants(people.access, OPERATOR.of_tenant(tenant), tenant, admin, [GivenRole("viewer")])


def denied(people, tenant, admin):
    own_roles.create_role(people.access, OPERATOR.of_tenant(tenant), tenant, "shut-out", Rights((), ("access:write",)))
    members.set_grants(
        people.access, OPERATOR.of_tenant(tenant), tenant, admin, [GivenRole("admin"), GivenRole("shut-out")]
    )


def denied_by_a_change(people, tenant, admin):
    own_roles.create_role(people.access, OPERATOR.of_tenant(tenant), tenant, "watcher", Rights(("catalog:read",)))
    members.set_grants(
        people.access, OPERATOR.of_tenant(tenant), tenant, admin, [GivenRole("admin"), GivenRole("watcher")]
    )
    own_roles.change_role(
        people.access, OPERATOR.of_tenant(tenant), tenant, "watcher", Rights(("catalog:read",), ("access:write",))
    )


@pytest.mark.parametrize("lose", [removed, demoted, denied, denied_by_a_change])
def test_who_loses_rights_keeps_none_by_what_it_made(people, tenant, admin, lose):
    by = Actor("user", admin, tenant)
    first, first_text = key_of(people, by, tenant)
    second, second_text = key_of(people, first, tenant)
    direct, indirect = invitation_of(people, by, tenant), invitation_of(people, second, tenant, name="other")
    small, viewers = key_of(people, by, tenant, "viewer")[1], invitation_of(people, first, tenant, "viewer", "third")
    operators = key_of(people, OPERATOR.of_tenant(tenant), tenant)[1]
    lose(people, tenant, admin)
    assert [is_open(people, each) for each in (first_text, second_text, direct, indirect)] == [False] * 4
    assert is_open(people, small) == (lose is not removed)  # who is no member any more may nothing
    assert not is_open(people, viewers)  # it came from a key that has ended
    assert is_open(people, operators)
    assert count(people, "access:api-key:revoked", "access:invitation:revoked") == [3 if lose is removed else 2, 3]
    with pytest.raises(Forbidden):  # a request of the key's that had come in before
        members.set_grants(people.access, first, tenant, admin, [GivenRole("admin")])


def test_a_request_that_came_before_its_maker_was_removed_comes_too_late(people, tenant, admin):
    by = Actor("user", admin, tenant)
    members.remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, admin)
    viewer = [GivenRole("viewer")]
    for act in (
        lambda: key_of(people, by, tenant, "viewer"),
        lambda: invitation_of(people, by, tenant, "viewer"),
        lambda: own_roles.create_role(people.access, by, tenant, "mine", Rights(("catalog:read",))),
        lambda: members.set_grants(people.access, by, tenant, admin, viewer),
    ):
        with pytest.raises((Forbidden, NotFound)):
            act()


def test_whoever_has_joined_elsewhere_meanwhile_proves_it(people, tenant, monkeypatch):
    other = people.tenant("other")
    theirs = invitation_of(people, OPERATOR.of_tenant(other), other, "viewer")
    ours = invitation_of(people, OPERATOR.of_tenant(tenant), tenant, "viewer")
    hashing = Passwords.hash

    def overtaken(self, password):
        with monkeypatch.context() as undone:
            undone.setattr(Passwords, "hash", hashing)
            links.accept(people.access, VISITOR, theirs, Newcomer("Victim", PASSWORD))
        return hashing(self, password)

    monkeypatch.setattr(Passwords, "hash", overtaken)
    with pytest.raises(Refused, match="open the link again"):
        links.accept(people.access, VISITOR, ours, Newcomer("Attacker", "başka 9 bir parola"))
    with pytest.raises(Unauthenticated):
        links.accept(people.access, VISITOR, ours, Newcomer(password="başka 9 bir parola"))
    assert people.log_in("friend@example.com").tenant == "other"


def test_a_member_needs_no_second_link(people, tenant, admin):
    texts = [invitation_of(people, OPERATOR.of_tenant(tenant), tenant) for _ in range(2)]
    links.accept(people.access, VISITOR, texts[0], Newcomer("Friend", PASSWORD))
    with pytest.raises(Refused, match="member already"):
        links.accept(people.access, VISITOR, texts[1], Newcomer(password="wrong"))


def test_a_role_that_somebody_is_invited_to_stays(people, tenant):
    own_roles.create_role(people.access, OPERATOR.of_tenant(tenant), tenant, "helper", Rights(("catalog:read",)))
    invitation_of(people, OPERATOR.of_tenant(tenant), tenant, "helper")
    with pytest.raises(Refused, match="withdraw the invitation"):
        own_roles.remove_role(people.access, OPERATOR.of_tenant(tenant), tenant, "helper")
    ((link, _),) = links.list_invitations(people.access, tenant)
    links.revoke_invitation(people.access, OPERATOR.of_tenant(tenant), tenant, link.id)
    own_roles.remove_role(people.access, OPERATOR.of_tenant(tenant), tenant, "helper")


def test_what_a_revoked_key_has_made_ends_with_it_whoever_made_the_key(people, tenant):
    first, _ = key_of(people, OPERATOR.of_tenant(tenant), tenant)
    second_text = key_of(people, first, tenant, "viewer")[1]
    link = invitation_of(people, first, tenant, "viewer")
    other = key_of(people, OPERATOR.of_tenant(tenant), tenant)[1]
    api_keys.revoke_api_key(people.access, OPERATOR.of_tenant(tenant), tenant, first.id)
    assert [is_open(people, each) for each in (second_text, link, other)] == [False, False, True]


def test_a_role_of_a_key_that_means_less_takes_it_from_what_the_key_has_made(people, tenant):
    by = OPERATOR.of_tenant(tenant)
    wide, narrow = Rights(("access:*", "api-keys:*", "catalog:*")), Rights(("api-keys:*", "catalog:read"))
    own_roles.create_role(people.access, by, tenant, "robot", wide)
    first, first_text = key_of(people, by, tenant, "robot")
    own_roles.create_role(people.access, by, tenant, "copy", wide)
    copy, viewer = key_of(people, first, tenant, "copy")[1], key_of(people, first, tenant, "robot")[1]
    own_roles.change_role(people.access, by, tenant, "robot", narrow)
    assert [is_open(people, each) for each in (first_text, copy, viewer)] == [True, False, True]


def test_who_gives_more_ends_nothing_and_what_concerns_others_neither(people, tenant, admin):
    by, whole = Actor("user", admin, tenant), OPERATOR.of_tenant(tenant)
    own_roles.create_role(people.access, by, tenant, "robot", Rights(("catalog:read",)))
    robot = key_of(people, by, tenant, "robot")[1]
    own_roles.change_role(people.access, whole, tenant, "robot", Rights(("catalog:read", "personal:erase")))
    members.set_grants(people.access, whole, tenant, admin, [GivenRole("admin"), GivenRole("ops")])
    viewer = people.member(tenant, "viewer@example.com", "ops")
    members.set_grants(people.access, whole, tenant, viewer, [GivenRole("viewer")])
    assert is_open(people, robot)
    assert count(people, "access:api-key:revoked") == [0]


def test_an_expired_key_passes_no_right_on_that_its_role_has_lost(people, tenant):
    by, wide = OPERATOR.of_tenant(tenant), Rights(("access:*", "api-keys:*", "catalog:*"))
    for name in ("robot", "copy"):
        own_roles.create_role(people.access, by, tenant, name, wide)
    first, _ = key_of(people, by, tenant, "robot")
    second = key_of(people, first, tenant, "copy")[1]
    with transaction(people.access.everywhere) as session:
        session.get_one(ApiKey, first.id).expires_at = utc_now()
    own_roles.change_role(people.access, by, tenant, "robot", Rights(("catalog:read",)))
    assert not is_open(people, second)


def test_what_a_key_has_made_ends_after_it_whatever_the_clocks_said(people, tenant, admin):
    first, _ = key_of(people, Actor("user", admin, tenant), tenant)
    second, text = key_of(people, first, tenant, "viewer")
    with transaction(people.access.everywhere) as session:
        session.get_one(ApiKey, second.id).created_at = utc_now() - timedelta(days=1)
    demoted(people, tenant, admin)
    assert not is_open(people, text)


def test_an_invitation_that_is_over_is_not_withdrawn(people, tenant):
    invitation_of(people, OPERATOR.of_tenant(tenant), tenant)
    ((link, _),) = links.list_invitations(people.access, tenant)
    with transaction(people.access.everywhere) as session:
        session.get_one(Link, link.hash).expires_at = utc_now()
    with pytest.raises(NotFound):
        links.revoke_invitation(people.access, OPERATOR.of_tenant(tenant), tenant, link.id)


def test_a_key_that_is_over_stands_in_nobodys_way(people, tenant, admin):
    by = OPERATOR.of_tenant(tenant)
    own_roles.create_role(people.access, by, tenant, "robot", Rights(("catalog:read",)))
    used, _ = key_of(people, by, tenant, "robot")
    with pytest.raises(Refused, match="take it away"):
        own_roles.remove_role(people.access, by, tenant, "robot")
    old, _ = key_of(people, Actor("user", admin, tenant), tenant, "robot")
    with transaction(people.access.everywhere) as session:
        session.get_one(ApiKey, old.id).expires_at = utc_now()
    members.remove_member(people.access, by, tenant, admin)
    api_keys.revoke_api_key(people.access, by, tenant, used.id)
    own_roles.remove_role(people.access, by, tenant, "robot")
    assert count(people, "access:api-key:revoked", "access:role:removed") == [1, 1]


def test_a_refusal_is_written_down(people, tenant, admin):
    by = Actor("user", admin, tenant)
    for act in (
        lambda: members.set_grants(people.access, by, tenant, admin, [GivenRole("owner")]),
        lambda: invitation_of(people, by, tenant, "owner"),
        lambda: key_of(people, by, tenant, "owner"),
    ):
        with pytest.raises(Forbidden):
            act()
    assert people.tags()[-3:] == ["access:permission:refused"] * 3


def test_what_stays_as_it_is_was_not_done(people, tenant, admin):
    own_roles.create_role(people.access, OPERATOR.of_tenant(tenant), tenant, "robot", Rights(("catalog:read",)))
    before = people.tags()
    own_roles.change_role(people.access, OPERATOR.of_tenant(tenant), tenant, "robot", Rights(("catalog:read",)))
    members.set_grants(people.access, OPERATOR.of_tenant(tenant), tenant, admin, [GivenRole("admin")])
    assert people.tags() == before


def test_a_first_owners_link_that_is_replaced_is_withdrawn(people):
    tenant = people.tenant("new")
    first = links.invite_first_owner(people.access, tenant)
    links.invite_first_owner(people.access, tenant)
    assert not is_open(people, first)
    assert people.tags()[-3:] == [
        "access:invitation:created", "access:invitation:revoked", "access:invitation:created",
    ]  # fmt: skip
