"""Use cases of the access room: making and finding tenants. One transaction each."""

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commerce.errors import Refused
from meschain.access.rules import ChangedMeanwhile, check_currency, check_slug, check_time_zone
from meschain.access.tables import HOME_TIME_ZONE, Tenant
from meschain.audit.rules import Actor, Tag
from meschain.audit.service import AuditLog
from meschain.store.session import reading, transaction
from meschain.store.tenancy import of_every_tenant

Noted = tuple[AuditLog, Actor] | None
"""The log that hears of the act, and who acts."""


def create_tenant(
    engine: Engine,
    slug: str,
    *,
    name: str = "",
    default_currency: str | None = None,
    time_zone: str = HOME_TIME_ZONE,
    noted: Noted = None,
) -> Tenant:
    """Make a tenant; `name` is its slug if empty. Raises Refused if there is one of that slug or a value cannot be."""
    tenant = Tenant(
        slug=check_slug(slug, "a tenant"),
        name=name or slug,
        default_currency=check_currency(default_currency),
        time_zone=check_time_zone(time_zone),
    )
    try:
        with transaction(of_every_tenant(engine)) as session:
            session.add(tenant)
            session.flush()
            _note(session, noted, Tag.TENANT_CREATED, tenant, after={"slug": slug})
    except IntegrityError:
        raise Refused(f"there is a tenant {slug!r} already; choose another name or use that one") from None
    return tenant


def update_tenant(
    engine: Engine,
    slug: str,
    *,
    name: str | None = None,
    default_currency: str | None = None,
    time_zone: str | None = None,
    version: int | None = None,
    noted: Noted = None,
) -> Tenant:
    """Change what is given, leave what is None; an empty currency takes it away. Raises Refused as `create_tenant`.

    Raises ChangedMeanwhile when the tenant is not of that `version` any more.
    """
    changes: dict[str, str | None] = {}
    if name is not None:
        changes["name"] = name or slug
    if default_currency is not None:
        changes["default_currency"] = check_currency(default_currency or None)
    if time_zone is not None:
        changes["time_zone"] = check_time_zone(time_zone)
    with transaction(of_every_tenant(engine)) as session:
        tenant = _found(session, slug)
        session.refresh(tenant, with_for_update=True)
        if version is not None and tenant.version != version:
            raise ChangedMeanwhile(f"the tenant {slug} was changed by somebody else meanwhile; look and try again")
        before = {column: getattr(tenant, column) for column in changes}
        for column, value in changes.items():
            setattr(tenant, column, value)
        _note(session, noted, Tag.TENANT_CHANGED, tenant, before=before, after=changes)
    return tenant


def get_tenant(engine: Engine, slug: str) -> Tenant:
    """The tenant of that slug; Refused, listing those there are, if there is none."""
    with reading(engine) as session:
        return _found(session, slug)


def only_tenant(engine: Engine) -> Tenant:
    """The tenant when there is exactly one; otherwise Refused, saying how to name or to make one."""
    tenants = list_tenants(engine)
    if not tenants:
        raise Refused("there is no tenant yet; name one with --tenant NAME and it is made, or run `meschain demo`")
    if len(tenants) > 1:
        raise Refused(f"there are several tenants; choose one with --tenant: {', '.join(t.slug for t in tenants)}")
    return tenants[0]


def list_tenants(engine: Engine) -> list[Tenant]:
    """Every tenant, by slug."""
    with reading(engine) as session:
        return list(session.scalars(select(Tenant).order_by(Tenant.slug)))


def ensure_tenant(engine: Engine, slug: str, *, noted: Noted = None) -> Tenant:
    """The tenant of that slug, made with the defaults if it is not there; safe when several ask at once."""
    with reading(engine) as session:
        tenant = _find(session, slug)
    if tenant is not None:
        return tenant
    try:
        return create_tenant(engine, slug, noted=noted)
    except Refused:
        check_slug(slug, "a tenant")  # a name that cannot be is refused as such; the other reason is a faster twin
        return get_tenant(engine, slug)


def _note(
    session: Session, noted: Noted, tag: Tag, tenant: Tenant, *, before: object = None, after: object = None
) -> None:
    if noted is not None:
        log, actor = noted
        actor = actor.of_tenant(tenant.id)
        log.record(session, tag, actor, target=f"tenant {tenant.slug}", before=before, after=after)


def _found(session: Session, slug: str) -> Tenant:
    tenant = _find(session, slug)
    if tenant is None:
        others = ", ".join(_slugs(session)) or "none yet"
        raise Refused(f"there is no tenant {slug!r}; there are: {others}")
    return tenant


def _find(session: Session, slug: str) -> Tenant | None:
    return session.scalars(select(Tenant).where(Tenant.slug == slug)).one_or_none()


def _slugs(session: Session) -> list[str]:
    return list(session.scalars(select(Tenant.slug).order_by(Tenant.slug)))
