"""What routes about channels begin with: which of them the caller may see, which one it names, what its currency is."""

from typing import Annotated

from fastapi import Path, Request

from meschain.access.guard import Allow, require
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.scopes import ScopeKind, Scopes
from meschain.channels.service import find_channel
from meschain.channels.tables import Channel
from meschain.pricing.api.bodies import invalid
from meschain.pricing.context import Pricing

CHANNEL: ScopeKind = "channel"
_USUAL = "TRY"
"""Currency of a sale of which neither channel nor currency is said: that of the reference."""
Reader = Annotated[Principal, Allow(Permission.PRICING_READ)]
"""Who may see the prices of every channel."""
SomeReader = Annotated[Principal, Allow(Permission.PRICING_READ, CHANNEL, partly=True)]
"""Who may see those of one channel at least."""
SomeWriter = Annotated[Principal, Allow(Permission.PRICING_WRITE, CHANNEL, partly=True)]
Refresher = Annotated[Principal, Allow(Permission.PRICING_REFRESH)]
Approver = Annotated[Principal, Allow(Permission.PRICING_APPROVE)]

ChannelName = Annotated[str, Path(alias="channel", max_length=63, examples=["trendyol"])]


def seen(who: Principal) -> Scopes | None:
    """The channels whose prices the caller may see; None for all."""
    return who.scopes(Permission.PRICING_READ, CHANNEL)


def knows(who: Principal, channel: str) -> bool:
    """Whether the caller may see, or change, what is for that channel; what is for every channel, everybody may see."""
    mine = (Permission.PRICING_READ, Permission.PRICING_WRITE)
    return not channel or any(who.policy.allows(permission, (CHANNEL, channel)) for permission in mine)


def require_for(request: Request, who: Principal, permission: Permission, channel: str | None) -> None:
    """Forbidden unless the caller may do it for that channel; without one, for the tenant as a whole."""
    require(request, who, permission, (CHANNEL, channel) if channel else None)


def the_channel(pricing: Pricing, slug: str | None) -> Channel | None:
    """The channel that the body names in `channel`, if it names one; invalid if there is none."""
    found = find_channel(pricing.channels, slug) if slug else None
    if slug and found is None:
        raise invalid([(("channel",), f"there is no channel {slug!r}")])
    return found


def the_currency(channel: Channel | None, given: str | None) -> str:
    """The currency that the body names, or that of the channel; invalid if these are two."""
    if channel is None:
        return given or _USUAL
    if given not in {None, channel.currency}:
        raise invalid([(("currency",), f"{channel.slug} sells in {channel.currency}")])
    return channel.currency
