"""Use cases around a channel: making, finding, changing it. One transaction each; nothing of what is listed there."""

import re
from typing import Any, TypedDict

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from commerce.currency import parse_currency
from commerce.errors import BadRecord, Refused
from meschain.access.rules import ChangedMeanwhile, NotFound
from meschain.access.scopes import Scopes
from meschain.access.visibility import visible
from meschain.audit.rules import Tag
from meschain.channels.context import Channels
from meschain.channels.tables import Channel
from meschain.store.session import reading, transaction

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Change(TypedDict, total=False):
    """What to change of a channel; what is left out stays. The currency always does: prices hang on it."""

    name: str
    """Empty: its slug."""
    active: bool


def add_channel(channels: Channels, slug: str, *, name: str = "", currency: str) -> Channel:
    """Make a channel whose prices are in that currency, also written as feeds do (`TL`).

    Refused if there is one of that name; BadRecord for a currency that is none.
    """
    if not _SLUG.fullmatch(slug):
        raise Refused(f"{slug!r} cannot name a channel; expected small letters, digits and dashes, such as trendyol")
    channel = Channel(tenant_id=channels.tenant_id, slug=slug, name=name or slug, currency=_checked(currency))
    told = {"name": channel.name, "currency": channel.currency}
    try:
        with transaction(channels.engine) as session:
            session.add(channel)
            channels.record(session, Tag.CHANNEL_CREATED, f"channel {slug}", after=told)
    except IntegrityError:
        raise Refused(f"there is a channel {slug!r} already; see `meschain channel show {slug}`") from None
    return channel


def find_channel(channels: Channels, slug: str) -> Channel | None:
    """The tenant's channel of that name, if there is one."""
    with reading(channels.engine) as session:
        return session.scalars(_named(channels, slug)).one_or_none()


def get_channel(channels: Channels, slug: str) -> Channel:
    """The tenant's channel of that name; NotFound, listing those there are."""
    found = find_channel(channels, slug)
    if found is None:
        others = ", ".join(channel.slug for channel in list_channels(channels)) or "none yet"
        raise NotFound(
            f"there is no channel {slug!r}; there are: {others}. Make it with "
            f"`meschain channel add {slug} --currency TRY`"
        )
    return found


def list_channels(
    channels: Channels,
    *,
    scopes: Scopes | None = None,
    active: bool | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Channel]:
    """The tenant's channels by name, beginning after one; only those that may be seen, if there are scopes."""
    query = select(Channel).where(Channel.tenant_id == channels.tenant_id, visible(Channel.slug, scopes))
    query = query.where(Channel.active == active) if active is not None else query
    query = query.where(Channel.slug > after) if after is not None else query
    with reading(channels.engine) as session:
        return list(session.scalars(query.order_by(Channel.slug).limit(limit)))


def change_channel(channels: Channels, slug: str, change: Change, *, version: int | None = None) -> Channel:
    """Change what is given; ChangedMeanwhile when the channel is not of that `version` any more."""
    if "name" in change:
        change = {**change, "name": change["name"] or slug}
    with transaction(channels.engine) as session:
        stored = session.scalars(_named(channels, slug).with_for_update()).one_or_none()
        if stored is None:
            raise NotFound(f"there is no channel {slug!r}")
        if version is not None and stored.version != version:
            raise ChangedMeanwhile(f"{slug} was changed by somebody else meanwhile; look at it and try again")
        before: dict[str, Any] = {name: getattr(stored, name) for name in change}
        if before != change:
            for name, value in change.items():
                setattr(stored, name, value)
            stored.version += 1
            channels.record(session, Tag.CHANNEL_CHANGED, f"channel {slug}", before=before, after=dict(change))
    return stored


def _named(channels: Channels, slug: str) -> Select[tuple[Channel]]:
    return select(Channel).where(Channel.tenant_id == channels.tenant_id, Channel.slug == slug)


def _checked(currency: str) -> str:
    """The ISO 4217 code of a currency; BadRecord if it is none."""
    code = parse_currency(currency)
    if code is None:
        raise BadRecord("missing", "currency", currency, "an ISO 4217 code such as TRY, EUR or USD")
    return code
