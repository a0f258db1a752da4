"""The first start: nobody has an account and there is no default password, so a link makes the first owner."""

from sqlalchemy import select

from meschain.access import links
from meschain.access.tables import Link, Membership
from meschain.access.tenants import list_tenants
from meschain.commands.user import join_address
from meschain.store.base import utc_now
from meschain.store.session import reading
from meschain.wiring import House

DEFAULT = "default"


def first_owner_address(house: House) -> str | None:
    """Where the first owner of the installation's only tenant, made if there is none, sets a password.

    None when somebody can log in, when there are several tenants, or when such a link was given and is still good: a
    link is told once (`meschain tenant invite-owner` makes another one).
    """
    tenants = list_tenants(house.engine) or [house.tenant(DEFAULT, create=True)]
    with reading(house.access.everywhere) as session:
        somebody = session.scalars(select(Membership.user_id).limit(1)).one_or_none()
        waiting = (Link.kind == "first-owner", Link.used_at.is_(None), Link.expires_at > utc_now())
        given = session.scalars(select(Link.id).where(*waiting).limit(1)).one_or_none()
    if somebody is not None or given is not None or len(tenants) > 1:
        return None
    return join_address(house, links.invite_first_owner(house.access, tenants[0].id))
