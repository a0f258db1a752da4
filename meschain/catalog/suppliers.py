"""Use cases around a supplier: making, finding, its source and its feed profiles. One transaction each."""

import re
from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Tag
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile as Profile
from meschain.catalog.profile import parse_profile
from meschain.catalog.sources import split_options
from meschain.catalog.tables import FeedProfile, ProfileOrigin, Supplier
from meschain.store.session import reading, transaction

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LONGEST_INTERVAL = 366 * 24 * 60
"""Minutes."""
_CHANGED = "{} was changed by somebody else meanwhile; look at it and try again"


class Change(TypedDict, total=False):
    """What to change of a supplier; what is left out stays."""

    name: str
    """Empty: its slug."""
    every_minutes: int | None
    active: bool


def add_supplier(
    catalog: Catalog,
    slug: str,
    *,
    name: str = "",
    source: Mapping[str, Any] | None = None,
    every_minutes: int | None = None,
) -> Supplier:
    """Make a supplier; the secret options of its source are sealed. Refused if there is one of that name."""
    if not _SLUG.fullmatch(slug):
        raise Refused(f"{slug!r} cannot name a supplier; expected small letters, digits and dashes, such as acme-toys")
    public, secret = split_options(source or {})
    supplier = Supplier(
        tenant_id=catalog.tenant_id,
        slug=slug,
        name=name or slug,
        source=public,
        source_secret=catalog.vault.seal(secret) if secret else None,
        every_minutes=_checked(every_minutes),
    )
    try:
        with transaction(catalog.engine) as session:
            session.add(supplier)
            catalog.record(session, Tag.SUPPLIER_CREATED, f"supplier {slug}", after={"source": _told(public)})
    except IntegrityError:
        raise Refused(f"there is a supplier {slug!r} already; see `meschain supplier show {slug}`") from None
    return supplier


def get_supplier(catalog: Catalog, slug: str) -> Supplier:
    """The tenant's supplier of that name; NotFound, listing those there are."""
    found = find_supplier(catalog, slug)
    if found is None:
        others = ", ".join(supplier.slug for supplier in list_suppliers(catalog)) or "none yet"
        raise NotFound(
            f"there is no supplier {slug!r}; there are: {others}. Make it with `meschain supplier add {slug}`"
        )
    return found


def find_supplier(catalog: Catalog, slug: str) -> Supplier | None:
    """The tenant's supplier of that name, if there is one."""
    with reading(catalog.engine) as session:
        return _find(session, catalog, slug)


def ensure_supplier(catalog: Catalog, slug: str) -> Supplier:
    """The supplier, made without a source if it is not there."""
    found = find_supplier(catalog, slug)
    if found is not None:
        return found
    try:
        return add_supplier(catalog, slug)
    except Refused:
        found = find_supplier(catalog, slug)
        if found is None:  # the name cannot be; else somebody made it a moment before
            raise
        return found


def list_suppliers(
    catalog: Catalog, *, scopes: Scopes | None = None, after: str | None = None, limit: int | None = None
) -> list[Supplier]:
    """The tenant's suppliers by name, beginning after one; only those that may be seen, if there are scopes."""
    query = select(Supplier).where(Supplier.tenant_id == catalog.tenant_id, visible(Supplier.slug, scopes))
    query = query.where(Supplier.slug > after) if after is not None else query
    with reading(catalog.engine) as session:
        return list(session.scalars(query.order_by(Supplier.slug).limit(limit)))


def change_supplier(catalog: Catalog, slug: str, change: Change, *, version: int | None = None) -> Supplier:
    """Change what is given; ChangedMeanwhile when the supplier is not of that `version` any more."""
    if "name" in change:
        change = {**change, "name": change["name"] or slug}
    _checked(change.get("every_minutes"))
    with transaction(catalog.engine) as session:
        stored = _locked(session, catalog, slug, version)
        before = {name: getattr(stored, name) for name in change}
        if before != change:
            for name, value in change.items():
                setattr(stored, name, value)
            stored.version += 1
            catalog.record(session, Tag.SUPPLIER_CHANGED, f"supplier {slug}", before=before, after=dict(change))
    return stored


def set_source(catalog: Catalog, slug: str, source: Mapping[str, Any], *, version: int | None = None) -> Supplier:
    """Give the supplier another source; what was known of the old one's last answer is forgotten, and its secrets.

    ChangedMeanwhile when the supplier is not of that `version` any more.
    """
    public, secret = split_options(source)
    with transaction(catalog.engine) as session:
        stored = _locked(session, catalog, slug, version)
        before = {"source": _told(stored.source), "secret": "given" if stored.source_secret else None}
        stored.source, stored.source_secret = public, catalog.vault.seal(secret) if secret else None
        stored.validators, stored.version = {}, stored.version + 1
        catalog.record(
            session,
            Tag.SUPPLIER_CHANGED,
            f"supplier {slug}",
            before=before,
            after={"source": _told(public), "secret": "given" if secret else None},
        )
    return stored


def current_profile(catalog: Catalog, supplier: Supplier) -> tuple[FeedProfile, Profile] | None:
    """The newest version of the supplier's profile, as stored and as read; None if it has none."""
    with reading(catalog.engine) as session:
        query = select(FeedProfile).where(FeedProfile.supplier_id == supplier.id).order_by(FeedProfile.version.desc())
        stored = session.scalars(query.limit(1)).one_or_none()
    if stored is None:
        return None
    return stored, parse_profile(stored.body, f"Version {stored.version} of {supplier.slug}'s profile")


def save_profile(
    catalog: Catalog, supplier: Supplier, profile: Profile, origin: ProfileOrigin, *, after: int | None = None
) -> FeedProfile:
    """Store the profile as the next version, unless the newest one says the same.

    Raises ChangedMeanwhile when the newest one is not that of version `after` (0: there is none).
    """
    body = profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    current = current_profile(catalog, supplier)
    if after is not None and after != (current[0].version if current else 0):
        raise ChangedMeanwhile(_CHANGED.format(f"the profile of {supplier.slug}"))
    if current is not None and current[1] == profile:
        return current[0]
    stored = FeedProfile(
        tenant_id=catalog.tenant_id,
        supplier_id=supplier.id,
        version=current[0].version + 1 if current else 1,
        body=body,
        origin=origin,
    )
    try:
        with transaction(catalog.engine) as session:
            session.add(stored)
            told = {"version": stored.version, "origin": origin, "profile": _told(body)}
            catalog.record(session, Tag.PROFILE_CHANGED, f"supplier {supplier.slug}", after=told)
    except IntegrityError:
        raise ChangedMeanwhile(_CHANGED.format(f"the profile of {supplier.slug}")) from None
    return stored


def _checked(every_minutes: int | None) -> int | None:
    """The interval as it is; Refused for one that nobody can keep."""
    if every_minutes is not None and not 1 <= every_minutes <= LONGEST_INTERVAL:
        raise Refused(f"a feed can be expected every 1 to {LONGEST_INTERVAL:,} minutes, not every {every_minutes}")
    return every_minutes


def _locked(session: Session, catalog: Catalog, slug: str, version: int | None) -> Supplier:
    """The supplier, to be changed by somebody who has seen it as that version."""
    query = select(Supplier).where(Supplier.tenant_id == catalog.tenant_id, Supplier.slug == slug)
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise NotFound(f"there is no supplier {slug!r}")
    if version is not None and found.version != version:
        raise ChangedMeanwhile(_CHANGED.format(slug))
    return found


def _told(values: Mapping[str, Any]) -> str:
    """Values as the log keeps them: as text, for numbers with a fraction can be written in several ways."""
    return msgspec.json.encode(values, order="sorted").decode()


def _find(session: Session, catalog: Catalog, slug: str) -> Supplier | None:
    query = select(Supplier).where(Supplier.tenant_id == catalog.tenant_id, Supplier.slug == slug)
    return session.scalars(query).one_or_none()
