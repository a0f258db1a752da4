"""Use case: everything that is kept of one person, for that person. What proves who somebody is stays here."""

from typing import Any

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from meschain.access.context import Access
from meschain.access.grants import GivenRole
from meschain.access.privacy import links_to
from meschain.access.rules import NotFound
from meschain.access.tables import ApiKey, Credentials, Grant, Link, Membership, Tenant, User, UserSession
from meschain.access.users import open_profile
from meschain.audit.payloads import Payloads
from meschain.audit.rules import Actor, Tag
from meschain.audit.tables import Entry, Payload, SubjectKey
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

_BATCH = 500
Rows = list[dict[str, Any]]


def export_person(access: Access, actor: Actor, subject: str, *, tenant_id: str | None = None) -> dict[str, Any]:
    """What is kept of the person, as JSON values; that it was handed out is written down first.

    With `tenant_id`, what that tenant has of it: NotFound when it is none of its members. Times are UTC.
    """
    with reading(access.everywhere) as session:
        tenants = dict(session.execute(select(Tenant.id, Tenant.slug)).tuples().all())
        person = _person(session, access, subject)
        belongs = list(session.scalars(select(Membership.tenant_id).where(Membership.user_id == subject)))
    if tenant_id is not None and tenant_id not in belongs:
        raise NotFound(f"there is no member {subject}")
    engine = access.everywhere if tenant_id is None else access.of(tenant_id)
    with transaction(engine) as session:
        told: list[str | None] = [tenant_id] if tenant_id is not None else [*belongs]
        for noted in told or [None]:
            access.log.record(
                session, Tag.PERSONAL_DATA_EXPORTED, actor, target=f"user {subject}", tenant_id=noted,
                after={"everything": tenant_id is None},
            )  # fmt: skip
    with reading(engine) as session:
        links = links_to(session, subject)
        known_as = {subject, *(link.user_id for link in links)}
        return {
            "format": "meschain-person/1",
            "subject": subject,
            "made_at": utc_now(),
            "tenant": tenants.get(tenant_id) if tenant_id is not None else None,
            **person,
            "memberships": _memberships(session, subject, tenants),
            "sessions": _sessions(session, access, subject, tenants),
            "invitations": [_invitation(session, access, link, tenants) for link in links],
            "api_keys": _api_keys(session, subject, tenants),
            "entries": _entries(session, access, subject, known_as, tenants),
        }


def _person(session: Session, access: Access, subject: str) -> dict[str, Any]:
    """The person itself, and that there is a password, but not which."""
    user, held = session.get(User, subject), session.get(Credentials, subject)
    if user is None:
        if session.get(SubjectKey, subject) is None:
            raise NotFound(f"nobody here is known as {subject!r}")
        return {"profile": None, "credentials": None}
    email, name = open_profile(session, access, subject, user.profile)
    return {
        "profile": {
            "email": email, "name": name, "locale": user.locale, "active": user.active,
            "created_at": user.created_at, "erased_at": user.erased_at,
        },
        "credentials": {
            "password": held.password_hash is not None, "second_factor": held.totp_confirmed,
            "failures": held.failures, "locked_until": held.locked_until,
        } if held is not None else None,
    }  # fmt: skip


def _memberships(session: Session, subject: str, tenants: dict[str, str]) -> Rows:
    given: dict[str, list[str]] = {}
    for grant in session.scalars(select(Grant).where(Grant.user_id == subject).order_by(Grant.id)):
        role = GivenRole(grant.role, grant.scope_kind, grant.scope_pattern)
        given.setdefault(grant.tenant_id, []).append(str(role))
    rows = session.scalars(select(Membership).where(Membership.user_id == subject).order_by(Membership.created_at))
    return [
        {"tenant": tenants.get(row.tenant_id), "since": row.created_at, "roles": given.get(row.tenant_id, [])}
        for row in rows
    ]


def _sessions(session: Session, access: Access, subject: str, tenants: dict[str, str]) -> Rows:
    found = []
    for row in session.scalars(select(UserSession).where(UserSession.user_id == subject).order_by(UserSession.id)):
        text = access.log.subjects.open(session, subject, row.detail) if row.detail else None
        detail = msgspec.json.decode(text) if text else {}
        found.append(
            {
                "id": row.id, "tenant": tenants.get(row.tenant_id), "kind": row.kind, "created_at": row.created_at,
                "seen_at": row.seen_at, "expires_at": row.expires_at, "revoked_at": row.revoked_at,
                "ip": detail.get("ip"), "user_agent": detail.get("user_agent"),
            }
        )  # fmt: skip
    return found


def _invitation(session: Session, access: Access, link: Link, tenants: dict[str, str]) -> dict[str, Any]:
    return {
        "id": link.id, "kind": link.kind, "tenant": tenants.get(link.tenant_id or ""),
        "email": open_profile(session, access, link.user_id, link.profile)[0] if link.profile is not None else "",
        "created_at": link.created_at, "expires_at": link.expires_at, "used_at": link.used_at,
    }  # fmt: skip


def _api_keys(session: Session, subject: str, tenants: dict[str, str]) -> Rows:
    """The keys that the person has made for machines."""
    made = str(Actor("user", subject))
    return [
        {"id": row.id, "name": row.name, "tenant": tenants.get(row.tenant_id), "created_at": row.created_at}
        for row in session.scalars(select(ApiKey).where(ApiKey.created_by == made).order_by(ApiKey.id))
    ]


def _entries(session: Session, access: Access, subject: str, known_as: set[str], tenants: dict[str, str]) -> Rows:
    """What the log says of the person, or of what it did, with what is known of itself."""
    about = select(Payload.index).where(Payload.subject.in_(known_as))
    done = (Entry.actor_kind == "user") & (Entry.actor_id == subject)
    query = select(Entry).where(or_(done, Entry.target == f"user {subject}", Entry.index.in_(about)))
    rows = session.scalars(query.order_by(Entry.index), execution_options={"yield_per": _BATCH})
    payloads, found = Payloads(session, access.log.subjects), Rows()
    for batch in rows.partitions():
        opened = payloads.of_entries([entry.index for entry in batch])
        found += [
            _told(entry, tenants, [one.values for one in opened.get(entry.index, ()) if one.subject in known_as])
            for entry in batch
        ]
    return found


def _told(entry: Entry, tenants: dict[str, str], personal: list[dict[str, Any]]) -> dict[str, Any]:
    body = msgspec.json.decode(entry.body)
    return {
        "index": entry.index, "at": entry.at, "tag": entry.tag,
        "tenant": tenants.get(entry.tenant_id or "", entry.tenant_id), "actor": body["actor"],
        "target": entry.target, "before": body["before"], "after": body["after"],
        "personal": personal[0] if personal else None,
    }  # fmt: skip
