"""Persons: what is known of them, under their own key, and how one is found without it. No rights, no passwords."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.rules import NotFound
from meschain.access.tables import Credentials, Locale, Membership, Tenant, User
from meschain.audit.rules import Actor, Tag
from meschain.store.session import reading, transaction

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s.\x00-\x1f]+")
_MOST = 200
FOR_A_CHANGE: dict[str, Any] = {"key_share": True}
"""How a user is locked: others may refer to it meanwhile, as a login does."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user as people know it; `email` and `name` are empty once it has been erased."""

    id: str
    email: str
    name: str
    locale: Locale
    active: bool


def normal_email(text: str) -> str:
    """The address as it is compared: without blanks around it, small letters; Refused if it cannot be one."""
    address = unicodedata.normalize("NFC", text).strip().lower()
    if len(address) > _MOST or not _EMAIL.fullmatch(address):
        raise Refused(f"{text[:_MOST]!r} is no e-mail address; expected name@example.com")
    return address


def check_name(text: str) -> str:
    """The name without blanks around it; Refused if there is none, or it is no single line."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > _MOST or any(unicodedata.category(sign) == "Cc" for sign in name):
        raise Refused(f"a name of 1 to {_MOST} characters is expected")
    return name


def email_token(access: Access, email: str) -> str:
    """By which a person is found without its address being kept in clear; Refused if it can be no address."""
    return access.installation.token("email", normal_email(email))


def find_user(session: Session, access: Access, email: str) -> User | None:
    """The user with that address."""
    return user_of_token(session, email_token(access, email))


def user_of_token(session: Session, token: str) -> User | None:
    """The user whose address has that token."""
    return session.scalars(select(User).where(User.email_token == token)).one_or_none()


def add_user(session: Session, access: Access, user_id: str, email: str, name: str, locale: Locale) -> User:
    """A new user of that id, without a password; IntegrityError at the flush if the address is taken."""
    email = normal_email(email)
    user = User(
        id=user_id,
        email_token=email_token(access, email),
        profile=seal_profile(session, access, user_id, email, check_name(name)),
        locale=locale,
    )
    session.add(user)
    session.flush()
    session.add(Credentials(user_id=user_id))
    return user


def seal_profile(session: Session, access: Access, user_id: str, email: str, name: str) -> bytes:
    """Address and name under the person's own key; Refused once it has been erased."""
    text = msgspec.json.encode({"email": email, "name": name}).decode()
    sealed = access.log.subjects.seal(session, user_id, text)
    if sealed is None:
        raise Refused("this person has been erased; invite the person anew")
    return sealed


def open_profile(session: Session, access: Access, user_id: str, sealed: bytes) -> tuple[str, str]:
    """Address and name; empty once the person has been erased."""
    text = access.log.subjects.open(session, user_id, sealed)
    known = msgspec.json.decode(text) if text is not None else {}
    return known.get("email", ""), known.get("name", "")


def list_tenants_of(session: Session, user_id: str) -> list[Tenant]:
    """The tenants the user is a member of, by name."""
    query = select(Tenant).join(Membership, Membership.tenant_id == Tenant.id).where(Membership.user_id == user_id)
    return list(session.scalars(query.order_by(Tenant.slug)))


def note_of_account(
    session: Session, access: Access, tag: Tag, actor: Actor, user_id: str, *, after: object = None
) -> None:
    """Write down what happens to a user's account: for each tenant the user works for, as it concerns them all."""
    tenants: list[str | None] = [tenant.id for tenant in list_tenants_of(session, user_id)]
    for tenant in tenants or [None]:
        access.log.record(session, tag, actor, target=f"user {user_id}", after=after, tenant_id=tenant)


def person_of(session: Session, access: Access, user: User) -> Person:
    """The user as people know it."""
    email, name = open_profile(session, access, user.id, user.profile)
    return Person(user.id, email, name, user.locale, user.active)


def get_person(access: Access, user_id: str) -> Person:
    """The person itself, for itself; NotFound if there is none."""
    with reading(access.everywhere) as session:
        user = session.get(User, user_id)
        if user is None:
            raise NotFound(f"there is no user {user_id}")
        return person_of(session, access, user)


def list_members(access: Access, tenant_id: str) -> list[Person]:
    """The members of a tenant, by name."""
    with reading(access.of(tenant_id)) as session:
        query = select(User).join(Membership, Membership.user_id == User.id)
        people = [person_of(session, access, user) for user in session.scalars(query)]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))


def change_profile(
    access: Access, actor: Actor, user_id: str, *, name: str | None = None, locale: Locale | None = None
) -> Person:
    """Change what is given of a person's own profile."""
    with transaction(access.everywhere) as session:
        user = session.get_one(User, user_id)
        email, known = open_profile(session, access, user_id, user.profile)
        if name is not None:
            user.profile = seal_profile(session, access, user_id, email, check_name(name))
        user.locale = locale or user.locale
        personal = {user_id: {"name": known}} if name is not None else {}
        access.log.record(
            session, Tag.USER_CHANGED, actor, target=f"user {user_id}", after={"locale": user.locale}, personal=personal
        )
        return person_of(session, access, user)
