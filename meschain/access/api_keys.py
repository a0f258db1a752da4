"""API keys: what a machine shows instead of logging in. Shown once, kept as a hash; what it may do, its grants say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from commerce.errors import Refused
from meschain.access.context import Access
from meschain.access.grants import GivenRole, add_grants, authority, check_given
from meschain.access.openings import end_excess, end_key
from meschain.access.permissions import Permission
from meschain.access.refusals import refusals_noted
from meschain.access.rules import NotFound
from meschain.access.secrets import new_api_key
from meschain.access.tables import ApiKey, Grant
from meschain.access.users import check_name
from meschain.audit.rules import Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import reading, transaction

MOST_DAYS = 366


@refusals_noted
def create_api_key(
    access: Access, actor: Actor, tenant_id: str, name: str, given: Sequence[GivenRole], *, expires_at: datetime
) -> tuple[ApiKey, str]:
    """Make a key with these roles; gives it and its text, which cannot be had again.

    Refused when it shall live for no time or for longer than a year.
    """
    now = utc_now()
    if not now < expires_at <= now + timedelta(days=MOST_DAYS):
        raise Refused(f"a key ends between now and {MOST_DAYS} days from now; {expires_at.isoformat()} does not")
    secret = new_api_key()
    key = ApiKey(
        id=secret.id, tenant_id=tenant_id, name=check_name(name), hash=secret.hash, created_by=str(actor),
        expires_at=expires_at,
    )  # fmt: skip
    with transaction(access.of(tenant_id)) as session:
        by = authority(session, tenant_id, actor, Permission.API_KEYS_WRITE)
        checked = check_given(session, tenant_id, given, by)
        session.add(key)
        session.flush()
        add_grants(session, tenant_id, checked, api_key_id=key.id)
        told = {"roles": [str(each) for each in checked], "expires_at": expires_at.isoformat()}
        access.log.record(session, Tag.API_KEY_CREATED, actor, target=f"api-key {key.id}", after=told)
    return key, secret.text


def list_api_keys(access: Access, tenant_id: str) -> list[tuple[ApiKey, list[Grant]]]:
    """The tenant's keys with what they may do, the newest first; also those that are over."""
    with reading(access.of(tenant_id)) as session:
        grants = list(session.scalars(select(Grant).where(Grant.api_key_id.is_not(None)).order_by(Grant.id)))
        keys = session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id))
        return [(key, [grant for grant in grants if grant.api_key_id == key.id]) for key in keys]


@refusals_noted
def revoke_api_key(access: Access, actor: Actor, tenant_id: str, key_id: str) -> None:
    """Let a key be good for nothing from now on, and with it what was made by it: a thief may have made it."""
    with transaction(access.of(tenant_id)) as session:
        authority(session, tenant_id, actor, Permission.API_KEYS_WRITE)
        key = session.get(ApiKey, key_id)
        if key is None:
            raise NotFound(f"there is no API key {key_id}")
        if key.revoked_at is None:
            end_key(session, access, actor, key)
            end_excess(session, access, actor, tenant_id, {str(Actor("api_key", key_id))})
