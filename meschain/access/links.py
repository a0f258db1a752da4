"""Links that work once: invitations, the first owner's, a new password. Only a hash is kept; who has one may use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.grants import OWNER, GivenRole, add_grants, authority, check_given, count_policy_up
from meschain.access.login import end_lockout, prove
from meschain.access.openings import end_invitation, given_by
from meschain.access.permissions import Permission
from meschain.access.refusals import refusals_noted
from meschain.access.rules import NotFound
from meschain.access.secrets import Mistyped, new_link_token, parse_secret
from meschain.access.sessions import end_all_sessions
from meschain.access.strength import check_strength
from meschain.access.tables import Credentials, Link, LinkKind, Locale, Membership, Tenant, User
from meschain.access.users import (
    FOR_A_CHANGE,
    add_user,
    check_name,
    email_token,
    find_user,
    normal_email,
    note_of_account,
    open_profile,
    seal_profile,
    user_of_token,
)
from meschain.audit.rules import OPERATOR, Actor, Tag
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction

LIFETIMES: dict[LinkKind, timedelta] = {
    "first-owner": timedelta(days=7),
    "invitation": timedelta(days=7),
    "password-reset": timedelta(hours=1),
}
JOINED = "this person has joined meanwhile; open the link again"
KNOWN = "this person is known here already; log in, and ask to be invited by that address"
MEMBER = "you are a member already; log in"
SPENT = "this link is not valid (any more): it was used, withdrawn or is too old; ask for a new one"


@dataclass(frozen=True, slots=True)
class Offered:
    """What a link is good for, for the page that it leads to."""

    kind: LinkKind
    tenant: str
    """Name of the tenant; empty for a new password."""
    user_id: str | None
    """None for somebody who is no user yet; a user proves by its own password who it is."""
    email: str
    """Empty when whoever uses it says its own."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a person who accepts an invitation says of itself; who is a user already, by what it proves that."""

    name: str = ""
    password: str = ""
    email: str = ""
    locale: Locale = "tr"
    code: str = ""
    """Of the second factor, from a user who has one."""


@refusals_noted
def invite(access: Access, actor: Actor, tenant_id: str, email: str, given: Sequence[GivenRole]) -> tuple[Link, str]:
    """Invite a person to a tenant with these roles; gives the link and its secret text, which is not kept.

    What the log says of the person is kept under a key of this invitation's own: no other tenant's erasure takes it.
    Refused when the person is a member already.
    """
    email, secret, person = normal_email(email), new_link_token(), new_id()
    with reading(access.everywhere) as session:
        user = find_user(session, access, email)
        if user is not None and session.get(Membership, (tenant_id, user.id)) is not None:
            raise Refused(f"{email} is a member already; change what it may do instead")
    with transaction(access.of(tenant_id)) as session:
        by = authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        checked = check_given(session, tenant_id, given, by)
        link = Link(
            hash=secret.hash,
            kind="invitation",
            tenant_id=tenant_id,
            user_id=person,
            email_token=email_token(access, email),
            profile=seal_profile(session, access, person, email, ""),
            grants=[msgspec.to_builtins(each) for each in checked],
            created_by=str(actor),
            expires_at=utc_now() + LIFETIMES["invitation"],
        )
        session.add(link)
        session.flush()  # which gives it its id
        access.log.record(
            session, Tag.INVITATION_CREATED, actor, target=f"invitation {link.id}",
            after={"roles": [str(each) for each in checked]}, personal={person: {"email": email}},
        )  # fmt: skip
    return link, secret.text


def invite_first_owner(access: Access, tenant_id: str) -> str:
    """The secret text of the link that makes a new tenant's first owner; Refused when it has members."""
    secret = new_link_token()
    with transaction(access.of(tenant_id)) as session:
        count_policy_up(session, tenant_id)  # first, as everybody who lets somebody in
        if _has_members(session, tenant_id):
            raise Refused("the tenant has members already; let its owner invite whoever is missing")
        former_ones = (Link.kind == "first-owner", Link.used_at.is_(None), Link.expires_at > utc_now())
        for former in session.scalars(select(Link).where(*former_ones)):
            end_invitation(session, access, OPERATOR.of_tenant(tenant_id), former)
        link = Link(
            hash=secret.hash, kind="first-owner", tenant_id=tenant_id, user_id=new_id(), grants=[{"role": OWNER}],
            created_by="operator", expires_at=utc_now() + LIFETIMES["first-owner"],
        )  # fmt: skip
        session.add(link)
        session.flush()  # which gives it its id
        access.log.record(
            session, Tag.INVITATION_CREATED, OPERATOR.of_tenant(tenant_id), target=f"invitation {link.id}",
            after={"roles": [OWNER]},
        )  # fmt: skip
    return secret.text


def link_new_password(access: Access, actor: Actor, user_id: str) -> str:
    """The secret text of a link by which the user can set a new password."""
    secret = new_link_token()
    with transaction(access.everywhere) as session:
        if session.get(User, user_id) is None:
            raise NotFound(f"there is no user {user_id}")
        spend_links(session, Link.kind == "password-reset", Link.user_id == user_id)
        session.add(
            Link(
                hash=secret.hash, kind="password-reset", user_id=user_id, grants=[], created_by=str(actor),
                expires_at=utc_now() + LIFETIMES["password-reset"],
            )
        )  # fmt: skip
        note_of_account(session, access, Tag.PASSWORD_RESET_REQUESTED, actor, user_id)
    return secret.text


def look_at(access: Access, text: str) -> Offered:
    """What the link is good for; NotFound when it is good for nothing (any more)."""
    with reading(access.everywhere) as session:
        link = _valid(session, text)
        tenant = session.get(Tenant, link.tenant_id) if link.tenant_id is not None else None
        user, email = _person(session, access, link)
        named = tenant.name if tenant is not None else ""
        return Offered(link.kind, named, user.id if user is not None else None, email)


def accept(access: Access, actor: Actor, text: str, newcomer: Newcomer) -> str:
    """Join the tenant that the link invites to; gives the user's id. A new person says its name and a password.

    Whoever invites sees the link: a user has to prove that it is the one who joins, as at a login.
    Refused when the password is weak, the address is taken or the person is a member already; NotFound when the link
    is not valid; SecondFactorNeeded and Unauthenticated as at a login. Until it has worked, it can be tried again.
    """
    offered = look_at(access, text)
    if offered.kind == "password-reset":
        raise NotFound(SPENT)
    with reading(access.everywhere) as session:
        tenant_id = _valid(session, text).tenant_id or ""
        if offered.user_id is not None and session.get(Membership, (tenant_id, offered.user_id)) is not None:
            raise Refused(MEMBER)
    hashed = _prove_or_hash(access, actor, offered, newcomer)
    try:
        with transaction(access.everywhere) as session:
            count_policy_up(session, tenant_id)  # first, as everybody who lets somebody in or takes something away
            if offered.user_id is not None:
                session.get(User, offered.user_id, with_for_update=FOR_A_CHANGE)
            link = _valid(session, text, lock=True)
            user, email = _person(session, access, link)
            if (user.id if user is not None else None) != offered.user_id:
                raise Refused(JOINED)
            link.used_at = utc_now()
            user_id = _join(session, access, link, user, email, newcomer, hashed)
            told = actor.known_as(user_id, tenant_id)
            access.log.record(session, Tag.INVITATION_ACCEPTED, told, target=f"invitation {link.id}")
    except IntegrityError:
        raise Refused(JOINED if offered.email else KNOWN) from None
    return user_id


@refusals_noted
def revoke_invitation(access: Access, actor: Actor, tenant_id: str, link_id: str) -> None:
    """Withdraw an invitation that nobody has accepted yet."""
    with transaction(access.of(tenant_id)) as session:
        authority(session, tenant_id, actor, Permission.ACCESS_WRITE)
        open_ = (Link.id == link_id, Link.kind != "password-reset", Link.used_at.is_(None))
        link = session.scalars(select(Link).where(*open_, Link.expires_at > utc_now())).one_or_none()
        if link is None:
            raise NotFound(f"there is no open invitation {link_id}")
        end_invitation(session, access, actor, link)


def list_invitations(access: Access, tenant_id: str) -> list[tuple[Link, str]]:
    """The tenant's open invitations with the invited address, the newest first."""
    with reading(access.of(tenant_id)) as session:
        query = select(Link).where(Link.kind != "password-reset", Link.used_at.is_(None), Link.expires_at > utc_now())
        return [
            (link, open_profile(session, access, link.user_id, link.profile)[0] if link.profile is not None else "")
            for link in session.scalars(query.order_by(Link.id.desc()))
        ]


def set_new_password(access: Access, actor: Actor, text: str, password: str) -> None:
    """Set the password by a link; every session of the user ends, and a lockout. Refused when it is weak."""
    with reading(access.everywhere) as session:
        link = _valid(session, text)
        user = session.get(User, link.user_id)
        if link.kind != "password-reset" or user is None:
            raise NotFound(SPENT)
        words = open_profile(session, access, user.id, user.profile)
    check_strength(password, words)
    hashed = access.passwords.hash(password)
    with transaction(access.everywhere) as session:
        link = _valid(session, text, lock=True)
        spend_links(session, Link.kind == "password-reset", Link.user_id == link.user_id)
        end_all_sessions(session, link.user_id)
        held = session.get_one(Credentials, link.user_id)
        end_lockout(session, access, held)
        held.password_hash, held.failures = hashed, 0
        told = actor.known_as(link.user_id)
        note_of_account(session, access, Tag.PASSWORD_CHANGED, told, link.user_id, after={"by": "link"})


def spend_links(session: Session, *conditions: ColumnElement[bool]) -> None:
    """Let the open links of which that is true be good for nothing any more."""
    session.execute(update(Link).where(Link.used_at.is_(None), *conditions).values(used_at=utc_now()))


def _has_members(session: Session, tenant_id: str) -> bool:
    member = select(Membership.user_id).where(Membership.tenant_id == tenant_id).limit(1)
    return session.scalars(member).one_or_none() is not None


def _person(session: Session, access: Access, link: Link) -> tuple[User | None, str]:
    """The user whom the link is for, if there is one yet, and the address; empty if nobody has said it yet."""
    user = session.get(User, link.user_id)
    if user is None and link.email_token is not None:
        user = user_of_token(session, link.email_token)
    if user is not None:
        return user, open_profile(session, access, user.id, user.profile)[0]
    return None, open_profile(session, access, link.user_id, link.profile)[0] if link.profile is not None else ""


def _prove_or_hash(access: Access, actor: Actor, offered: Offered, newcomer: Newcomer) -> str | None:
    """Let a user prove who it is; of a new person's password give the hash."""
    if offered.user_id is not None:
        prove(access, actor, offered.user_id, newcomer.password, newcomer.code)
        return None
    email = offered.email or normal_email(newcomer.email)
    check_strength(newcomer.password, (check_name(newcomer.name), email, offered.tenant))
    return access.passwords.hash(newcomer.password)


def _join(
    session: Session, access: Access, link: Link, user: User | None, email: str, newcomer: Newcomer, hashed: str | None
) -> str:
    """Make the link's person, a new user if it is none yet, a member with the roles that the link gives."""
    tenant_id = link.tenant_id or ""
    if link.kind == "first-owner" and _has_members(session, tenant_id):
        raise NotFound(SPENT)
    if user is None:
        user = add_user(session, access, link.user_id, email or newcomer.email, newcomer.name, newcomer.locale)
        access.log.record(
            session, Tag.USER_CREATED, Actor("user", user.id, tenant_id), target=f"user {user.id}",
            personal={user.id: {"name": newcomer.name}},
        )  # fmt: skip
        session.get_one(Credentials, user.id).password_hash = hashed
    session.add(Membership(tenant_id=tenant_id, user_id=user.id))
    session.flush()
    add_grants(session, tenant_id, given_by(link), user_id=user.id)
    return user.id


def _valid(session: Session, text: str, *, lock: bool = False) -> Link:
    try:
        hashed = parse_secret(text, "link").hash
    except Mistyped:
        raise NotFound(SPENT) from None
    link = session.get(Link, hashed, with_for_update=lock or None)
    if link is None or link.used_at is not None or link.expires_at <= utc_now():
        raise NotFound(SPENT)
    return link
