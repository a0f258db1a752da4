"""Use cases around a supplier: making, finding, its source and its feed profiles. One transaction each."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.rules import ChangedMeanwhile
from meschain.audit.rules import Tag
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile as Profile
from meschain.catalog.profile import parse_profile
from meschain.catalog.sources import split_options
from meschain.catalog.tables import FeedProfile, ProfileOrigin, Supplier
from meschain.store.session import reading, transaction

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


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
        every_minutes=every_minutes,
    )
    try:
        with transaction(catalog.engine) as session:
            session.add(supplier)
            catalog.record(session, Tag.SUPPLIER_CREATED, f"supplier {slug}", after={"source": _told(public)})
    except IntegrityError:
        raise Refused(f"there is a supplier {slug!r} already; see `meschain supplier show {slug}`") from None
    return supplier


def get_supplier(catalog: Catalog, slug: str) -> Supplier:
    """The tenant's supplier of that name; Refused, listing those there are."""
    with reading(catalog.engine) as session:
        found = _find(session, catalog, slug)
    if found is None:
        others = ", ".join(supplier.slug for supplier in list_suppliers(catalog)) or "none yet"
        raise Refused(
            f"there is no supplier {slug!r}; there are: {others}. Make it with `meschain supplier add {slug}`"
        )
    return found


def ensure_supplier(catalog: Catalog, slug: str) -> Supplier:
    """The supplier, made without a source if it is not there."""
    with reading(catalog.engine) as session:
        found = _find(session, catalog, slug)
    if found is not None:
        return found
    try:
        return add_supplier(catalog, slug)
    except Refused:
        with reading(catalog.engine) as session:
            found = _find(session, catalog, slug)
        if found is None:  # the name cannot be; else somebody made it a moment before
            raise
        return found


def list_suppliers(catalog: Catalog) -> list[Supplier]:
    """Every supplier of the tenant, by name."""
    with reading(catalog.engine) as session:
        query = select(Supplier).where(Supplier.tenant_id == catalog.tenant_id).order_by(Supplier.slug)
        return list(session.scalars(query))


def set_source(catalog: Catalog, slug: str, source: Mapping[str, Any], *, version: int | None = None) -> None:
    """Give the supplier another source; what was known of the old one's last answer is forgotten.

    Raises ChangedMeanwhile when the supplier is not of that `version` any more.
    """
    public, secret = split_options(source)
    supplier = get_supplier(catalog, slug)
    with transaction(catalog.engine) as session:
        stored = session.get_one(Supplier, supplier.id, with_for_update=True)
        if version is not None and stored.version != version:
            raise ChangedMeanwhile(f"{slug} was changed by somebody else meanwhile; look at it and try again")
        before = {"source": _told(stored.source)}
        stored.source, stored.source_secret = public, catalog.vault.seal(secret) if secret else None
        stored.validators, stored.version = {}, stored.version + 1
        catalog.record(
            session,
            Tag.SUPPLIER_CHANGED,
            f"supplier {slug}",
            before=before,
            after={"source": _told(public), "secret": "given"},
        )


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
        raise ChangedMeanwhile(f"the profile of {supplier.slug} was changed meanwhile; look at it and try again")
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
        raise Refused(
            f"the profile of {supplier.slug} was changed by somebody else just now; look at it and try again"
        ) from None
    return stored


def _told(values: Mapping[str, Any]) -> str:
    """Values as the log keeps them: as text, for numbers with a fraction can be written in several ways."""
    return msgspec.json.encode(values, order="sorted").decode()


def _find(session: Session, catalog: Catalog, slug: str) -> Supplier | None:
    query = select(Supplier).where(Supplier.tenant_id == catalog.tenant_id, Supplier.slug == slug)
    return session.scalars(query).one_or_none()
