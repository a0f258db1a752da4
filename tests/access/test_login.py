"""Who is let in, who is not, and what the log says of it. On both databases."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from commerce.errors import Refused
from meschain.access import account, links, login, sessions
from meschain.access.api_keys import create_api_key
from meschain.access.grants import GivenRole
from meschain.access.links import Newcomer
from meschain.access.members import remove_member, set_grants
from meschain.access.own_roles import change_role, create_role
from meschain.access.permissions import Permission
from meschain.access.roles import Rights
from meschain.access.rules import Forbidden, NotFound, SecondFactorNeeded, Unauthenticated
from meschain.access.signing import rotate_signing_key
from meschain.access.tables import Credentials, Link, User
from meschain.audit.rules import OPERATOR, Actor
from meschain.audit.tables import Entry
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction
from tests.access.people import PASSWORD, VISITOR, WAY, People


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


@pytest.fixture
def tenant(people) -> str:
    return people.tenant()


def test_the_first_owner_comes_by_a_link_that_works_once(people, tenant):
    text = links.invite_first_owner(people.access, tenant)
    with pytest.raises(Refused, match="will not do"):
        links.accept(people.access, VISITOR, text, Newcomer("Ayşe", "password1234", "ayse@example.com"))
    user_id = links.accept(people.access, VISITOR, text, Newcomer("Ayşe", PASSWORD, "ayse@example.com"))
    with pytest.raises(NotFound, match="not valid"):
        links.accept(people.access, VISITOR, text, Newcomer("Ayşe", PASSWORD, "other@example.com"))
    with pytest.raises(Refused, match="members already"):
        links.invite_first_owner(people.access, tenant)
    who = people.who(people.log_in(" AYSE@example.com "))
    assert (who.user_id, who.tenant, who.tenant_id) == (user_id, "acme", tenant)
    assert who.policy.allows(Permission.PERSONAL_ERASE)


def test_every_failure_looks_the_same(people, tenant):
    people.owner(tenant)
    told = set()
    for email, password in (("ayse@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("no address", "x")):
        with pytest.raises(Unauthenticated) as caught:
            people.log_in(email, password)
        told.add(str(caught.value))
    assert told == {login.WRONG}
    assert people.tags()[-3:] == ["access:login:failed"] * 3


def test_a_lockout_begins_grows_and_ends_and_all_of_it_is_written_down(people, tenant):
    user_id = people.owner(tenant)

    def fail() -> None:
        with pytest.raises(Unauthenticated):
            people.log_in(password="wrong")

    for _ in range(4):
        fail()
    assert people.tags().count("access:lockout:began") == 0
    fail()
    assert people.tags()[-2:] == ["access:login:failed", "access:lockout:began"]
    with pytest.raises(Unauthenticated):
        people.log_in()  # the right password is of no use now
    assert people.tags()[-1] == "access:login:failed"
    assert login.end_lockouts(people.access) == 0
    pass_time(people, user_id)
    assert login.end_lockouts(people.access) == 1
    assert people.tags()[-1] == "access:lockout:ended"
    first = locked_until(people, user_id)
    fail()
    assert first is None
    assert people.tags()[-1] == "access:lockout:began"
    pass_time(people, user_id)
    assert people.log_in()
    assert people.tags()[-2:] == ["access:lockout:ended", "access:login:succeeded"]
    fail()  # counted from the beginning again
    assert people.tags()[-1] == "access:login:failed"


def test_who_tries_many_at_once_learns_no_more_than_one_after_the_other(people, tenant):
    people.owner(tenant)

    def guess(number: int) -> bool:
        try:
            return bool(people.log_in(password=PASSWORD if number == 39 else f"wrong {number}"))
        except Unauthenticated:
            return False

    with ThreadPoolExecutor(40) as crowd:
        first = list(crowd.map(guess, range(39)))
    assert not any(first)
    assert not guess(39)
    with reading(people.access.everywhere) as session:
        reasons = [json.loads(body)["after"]["reason"] for body in session.scalars(select(Entry.body).where(
            Entry.tag == "access:login:failed"
        ))]  # fmt: skip
    assert len(reasons) == 40
    assert reasons.count("password") == 5


def test_whoever_guesses_the_password_from_within_a_session_is_locked_out_as_well(people, tenant):
    user_id = people.owner(tenant)
    actor = Actor("user", user_id, tenant)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            account.change_password(people.access, actor, user_id, "wrong", PASSWORD)
    assert people.tags()[-2:] == ["access:login:failed", "access:lockout:began"]
    with pytest.raises(Unauthenticated):
        account.change_password(people.access, actor, user_id, PASSWORD, PASSWORD)
    pass_time(people, user_id)
    account.change_password(people.access, actor, user_id, PASSWORD, PASSWORD)
    assert people.tags()[-1] == "access:password:changed"


def test_whoever_invites_a_user_cannot_join_in_its_place(people, tenant):
    carol, other = people.owner(tenant), people.tenant("other")
    people.owner(other, "mallory@example.com")
    _, text = links.invite(people.access, OPERATOR.of_tenant(other), other, "ayse@example.com", [GivenRole("viewer")])
    for newcomer in (Newcomer(), Newcomer("Mallory", "sarı 8 çaydanlık fırtına"), Newcomer(email="x@example.com")):
        with pytest.raises(Unauthenticated):
            links.accept(people.access, VISITOR, text, newcomer)
    assert people.who(people.log_in()).tenant_id == tenant
    app, _ = people.second_factor(carol)
    with reading(people.access.everywhere) as session:
        step = session.get_one(Credentials, carol).totp_step
    with pytest.raises(SecondFactorNeeded):
        links.accept(people.access, VISITOR, text, Newcomer(password=PASSWORD))
    with pytest.raises(Unauthenticated):
        links.accept(people.access, VISITOR, text, Newcomer(password=PASSWORD, code=app.generate_otp(step)))
    code = app.generate_otp(step + 1)
    assert links.accept(people.access, VISITOR, text, Newcomer(password=PASSWORD, code=code)) == carol


def test_a_new_password_ends_a_lockout_and_every_other_link_to_one(people, tenant):
    user_id = people.owner(tenant)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            people.log_in(password="wrong")
    first, second = (links.link_new_password(people.access, OPERATOR, user_id) for _ in range(2))
    with pytest.raises(NotFound):
        links.set_new_password(people.access, VISITOR, first, PASSWORD)
    links.set_new_password(people.access, VISITOR, second, PASSWORD)
    assert people.tags()[-2:] == ["access:lockout:ended", "access:password:changed"]
    assert people.log_in()
    third = links.link_new_password(people.access, OPERATOR, user_id)
    account.change_password(people.access, Actor("user", user_id, tenant), user_id, PASSWORD, PASSWORD)
    with pytest.raises(NotFound):
        links.set_new_password(people.access, VISITOR, third, PASSWORD)


def test_there_is_one_first_owner_whatever_links_were_given(people, tenant):
    lost = links.invite_first_owner(people.access, tenant)
    people.owner(tenant)
    with pytest.raises(NotFound):
        links.accept(people.access, VISITOR, lost, Newcomer("Mallory", PASSWORD, "mallory@example.com"))
    with transaction(people.access.everywhere) as session:  # as an older version has left it
        session.execute(update(Link).where(Link.kind == "first-owner").values(used_at=None))
    with pytest.raises(NotFound):
        links.accept(people.access, VISITOR, lost, Newcomer("Mallory", PASSWORD, "mallory@example.com"))


def test_who_is_removed_has_no_way_back(people, tenant):
    people.owner(tenant)
    gone = people.member(tenant, "mehmet@example.com", "admin")
    actor = Actor("user", gone, tenant)
    _, link = links.invite(people.access, actor, tenant, "second@example.com", [GivenRole("admin")])
    end = utc_now() + timedelta(days=30)
    _, key = create_api_key(people.access, actor, tenant, "robot", [GivenRole("admin")], expires_at=end)
    assert people.authenticator.by_bearer(key, WAY)
    remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, gone)
    with pytest.raises(Unauthenticated):
        people.authenticator.by_bearer(key, WAY)
    with pytest.raises(NotFound):
        links.accept(people.access, VISITOR, link, Newcomer("Mallory", PASSWORD))
    assert people.tags()[-3:] == ["access:api-key:revoked", "access:invitation:revoked", "access:membership:removed"]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_owners_cannot_remove_each_other_at_once(people, tenant):
    both = [people.owner(tenant), people.member(tenant, "mehmet@example.com", "owner")]
    begin = threading.Barrier(2)

    def remove(user_id: str) -> bool:
        begin.wait()
        try:
            remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, user_id)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pair:
        assert sorted(pair.map(remove, both)) == [False, True]


def test_what_a_role_denies_is_changed_by_nobody_whom_it_binds_or_who_may_less_than_its_holders(people, tenant):
    owner, by = people.owner(tenant), OPERATOR.of_tenant(tenant)
    admin = people.member(tenant, "mehmet@example.com", "admin")
    create_role(people.access, by, tenant, "no-approve", Rights((), ("catalog:approve",)))
    create_role(people.access, by, tenant, "watchers", Rights(("catalog:read",)))
    set_grants(people.access, by, tenant, admin, [GivenRole("admin"), GivenRole("no-approve")])
    who = people.who(people.log_in("mehmet@example.com"))
    with pytest.raises(Forbidden, match="catalog:approve"):
        change_role(people.access, who.actor, tenant, "no-approve", Rights(()))
    set_grants(people.access, by, tenant, owner, [GivenRole("owner"), GivenRole("watchers")])
    shut = Rights(("catalog:read",), ("access:*",))
    with pytest.raises(Forbidden):
        change_role(people.access, who.actor, tenant, "watchers", shut)
    boss = people.who(people.log_in())
    with pytest.raises(Refused, match="no owner left"):
        change_role(people.access, boss.actor, tenant, "watchers", shut)
    change_role(people.access, boss.actor, tenant, "no-approve", Rights(()))


def test_what_is_done_to_an_account_concerns_every_tenant_of_the_user(people, tenant):
    user_id, other = people.owner(tenant), people.tenant("other")
    _, text = links.invite(people.access, OPERATOR.of_tenant(other), other, "ayse@example.com", [GivenRole("viewer")])
    links.accept(people.access, VISITOR, text, links.Newcomer(password=PASSWORD))
    reset = links.link_new_password(people.access, OPERATOR, user_id)
    links.set_new_password(people.access, VISITOR, reset, PASSWORD)
    account.reset_second_factor(people.access, OPERATOR, user_id)
    for each in (tenant, other):
        with reading(people.access.of(each)) as session:
            tags = list(session.scalars(select(Entry.tag).where(Entry.tenant_id == each).order_by(Entry.index)))
        assert tags[-3:] == [
            "access:password:reset-requested",
            "access:password:changed",
            "access:second-factor:disabled",
        ]


def locked_until(people: People, user_id: str) -> object:
    with reading(people.access.everywhere) as session:
        return session.get_one(Credentials, user_id).locked_until


def pass_time(people: People, user_id: str) -> None:
    with transaction(people.access.everywhere) as session:
        over = utc_now() - timedelta(seconds=1)
        session.execute(update(Credentials).where(Credentials.user_id == user_id).values(locked_until=over))


def test_a_second_factor_is_asked_for_and_no_code_works_twice(people, tenant):
    user_id = people.owner(tenant)
    app, recovery = people.second_factor(user_id)
    with reading(people.access.everywhere) as session:
        step = session.get_one(Credentials, user_id).totp_step
    with pytest.raises(SecondFactorNeeded):
        people.log_in()
    with pytest.raises(Unauthenticated):
        people.log_in(code=app.generate_otp(step))  # it has confirmed the app already
    assert people.log_in(code=app.generate_otp(step + 1))
    with pytest.raises(Unauthenticated):
        people.log_in(code=app.generate_otp(step + 1))
    assert people.log_in(code=recovery[0].lower())
    with pytest.raises(Unauthenticated):
        people.log_in(code=recovery[0])
    with pytest.raises(Unauthenticated):
        account.remove_second_factor(people.access, OPERATOR, user_id, "wrong")
    renewed = account.renew_recovery_codes(people.access, OPERATOR, user_id, PASSWORD)
    with pytest.raises(Unauthenticated):
        people.log_in(code=recovery[1])
    assert people.log_in(code=renewed[1])
    account.remove_second_factor(people.access, OPERATOR, user_id, PASSWORD)
    assert people.log_in()


def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(people, tenant):
    people.owner(tenant)
    first = people.log_in()
    second = sessions.refresh(people.access, VISITOR, first.secret.text)
    assert people.who(second).session_id == first.id
    with pytest.raises(Unauthenticated):
        sessions.refresh(people.access, VISITOR, first.secret.text)
    assert people.tags()[-1] == "access:token:reused"
    for opened in (first, second):
        with pytest.raises(Unauthenticated):
            people.who(opened)
        with pytest.raises(Unauthenticated):
            sessions.refresh(people.access, VISITOR, opened.secret.text)


def test_a_browser_session_is_its_cookie_and_no_token_of_the_api(people, tenant):
    people.owner(tenant)
    opened = people.log_in(kind="browser")
    assert people.authenticator.by_cookie(opened.secret.text, WAY).session_id == opened.id
    with pytest.raises(Unauthenticated):
        sessions.refresh(people.access, VISITOR, opened.secret.text)
    with pytest.raises(Unauthenticated):
        people.authenticator.by_cookie(people.log_in().secret.text, WAY)
    with pytest.raises(Unauthenticated):
        people.who(opened)


def test_what_ends_a_session_ends_its_tokens_at_once(people, tenant):
    owner = people.owner(tenant)
    actor = Actor("user", owner, tenant)

    def by_revoking(opened) -> None:
        sessions.end_session(people.access, actor, opened.id, user_id=owner)

    def by_password(_opened) -> None:
        account.change_password(people.access, actor, owner, PASSWORD, PASSWORD)

    def by_reset(_opened) -> None:
        text = links.link_new_password(people.access, OPERATOR, owner)
        links.set_new_password(people.access, VISITOR, text, PASSWORD)

    for end in (by_revoking, by_password, by_reset):
        opened = people.log_in()
        token = people.token(opened)
        assert people.authenticator.by_bearer(token, WAY)
        end(opened)
        with pytest.raises(Unauthenticated):
            people.authenticator.by_bearer(token, WAY)
        with pytest.raises(Unauthenticated):
            sessions.refresh(people.access, VISITOR, opened.secret.text)


def test_a_rotated_signing_key_logs_nobody_out(people, tenant):
    people.owner(tenant)
    opened = people.log_in()
    token = people.token(opened)
    other = People(people.access, type(people.keys)(people.access), people.authenticator)
    kid = rotate_signing_key(people.access, OPERATOR)
    assert people.authenticator.by_bearer(token, WAY)
    new = other.token(opened)  # of another process, which has read the new key
    assert people.authenticator.by_bearer(token, WAY)
    assert kid in str(other.keys.jwks())
    people.keys._read_at -= 2
    assert people.authenticator.by_bearer(new, WAY)


def test_somebody_of_several_tenants_says_for_which(people):
    one, two = people.tenant("one"), people.tenant("two")
    owner = people.owner(one)
    people.owner(two, "mehmet@example.com")
    agency = people.member(two, "ayse@example.com", "viewer")
    assert agency == owner
    with pytest.raises(Refused, match="one of: one, two"):
        people.log_in()
    in_two = people.who(people.log_in(tenant="two"))
    assert in_two.tenant_id == two
    assert not in_two.policy.allows(Permission.CATALOG_APPROVE)
    assert people.who(people.log_in(tenant="one")).policy.allows(Permission.CATALOG_APPROVE)
    with pytest.raises(Refused):
        people.log_in("mehmet@example.com", tenant="one")


def test_rights_change_at_once_and_nobody_gives_more_than_he_has(people, tenant):
    owner = people.owner(tenant)
    member = people.member(tenant, "mehmet@example.com", "admin")
    opened = people.log_in("mehmet@example.com")
    admin = people.who(opened)
    with pytest.raises(Forbidden, match="personal:erase"):
        set_grants(people.access, admin.actor, tenant, member, [GivenRole("owner")])
    with pytest.raises(Forbidden):
        set_grants(people.access, admin.actor, tenant, owner, [GivenRole("viewer")])
    with pytest.raises(Forbidden):
        links.invite(people.access, admin.actor, tenant, "x@example.com", [GivenRole("owner")])
    set_grants(people.access, OPERATOR.of_tenant(tenant), tenant, member, [GivenRole("ops", "supplier", "acme-*")])
    policy = people.who(opened).policy
    assert policy.allows(Permission.CATALOG_SYNC, ("supplier", "acme-toys"))
    assert not policy.allows(Permission.CATALOG_SYNC, ("supplier", "other"))
    assert not policy.allows(Permission.ACCESS_WRITE)
    with pytest.raises(Refused, match="no owner left"):
        set_grants(people.access, OPERATOR.of_tenant(tenant), tenant, owner, [GivenRole("viewer")])
    with pytest.raises(Refused, match="no owner left"):
        remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, owner)
    remove_member(people.access, OPERATOR.of_tenant(tenant), tenant, member)
    with pytest.raises(Unauthenticated):
        people.who(opened)
    with pytest.raises(Refused):
        people.log_in("mehmet@example.com")


def test_nothing_in_the_store_can_be_read_as_a_name_or_an_address(people, tenant, engine):
    people.owner(tenant, "ayse@example.com", "Ayşe Yılmaz")
    people.log_in()
    with reading(people.access.everywhere) as session:
        told = repr([row.profile for row in session.scalars(select(User))])
        for table in User.metadata.sorted_tables:
            told += repr(session.execute(select(table)).all())
    for hidden in ("ayse@", "Ayşe", "Yılmaz", "Firefox", "192.0.2.1", PASSWORD):
        assert hidden not in told
