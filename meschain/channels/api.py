"""Routes around channels: where a tenant sells, and in which currency. What is listed there has routes of its own."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.access.scopes import ScopeKind
from meschain.channels import service
from meschain.channels.context import Channels
from meschain.channels.tables import Channel
from meschain.web.answers import StoreRoute
from meschain.web.cursors import Cursor, Limit, Page, open_cursor, page
from meschain.web.etags import IfMatch, show_version
from meschain.wiring import House

CHANNEL: ScopeKind = "channel"
ChannelName = Annotated[str, Path(alias="channel", max_length=63, examples=["trendyol"])]
Reader = Annotated[Principal, Allow(Permission.CHANNELS_READ, CHANNEL)]
Writer = Annotated[Principal, Allow(Permission.CHANNELS_WRITE, CHANNEL)]
Text = Annotated[str, Field(max_length=200)]
router = APIRouter(tags=["channels"], route_class=StoreRoute)


class NewChannel(BaseModel):
    """A channel to make; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    channel: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its name in addresses.", examples=["trendyol"]
    )
    name: Text = Field(default="", examples=["Trendyol"])
    currency: str = Field(
        max_length=40, description="ISO 4217 code of the prices there; it never changes.", examples=["TRY"]
    )


class ChannelChange(BaseModel):
    """What to change; what is left out stays, and a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(default="", examples=["Trendyol"])
    active: bool = Field(default=True, description="Whether the tenant sells there at present.")

    def given(self) -> service.Change:
        """As the use case takes it."""
        return cast("service.Change", {name: getattr(self, name) for name in self.model_fields_set})


class ChannelOut(BaseModel):
    """A channel."""

    channel: str
    name: str
    currency: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, found: Channel) -> "ChannelOut":
        """From the channel."""
        return cls(
            channel=found.slug, name=found.name, currency=found.currency, active=found.active,
            created_at=found.created_at,
        )  # fmt: skip


@router.get("/channels")
def list_channels(
    request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None, *,
    who: Annotated[Principal, Allow(Permission.CHANNELS_READ, CHANNEL, partly=True)],
) -> Page[ChannelOut]:  # fmt: skip
    """The channels that the caller may see, by name."""
    place, seen = open_cursor(request, cursor), who.scopes(Permission.CHANNELS_READ, CHANNEL)
    after = str(place[0]) if place else None
    found = service.list_channels(channels_of(request, who), scopes=seen, after=after, limit=limit + 1)
    shown = [ChannelOut.of(each) for each in found]
    return page(request, response, shown, limit, [shown[limit - 1].channel] if len(shown) > limit else [])


@router.post("/channels", status_code=201)
def add_channel(
    request: Request,
    response: Response,
    body: NewChannel,
    who: Annotated[Principal, Allow(Permission.CHANNELS_WRITE)],
) -> ChannelOut:
    """Make a channel."""
    made = service.add_channel(channels_of(request, who), body.channel, name=body.name, currency=body.currency)
    response.headers["Location"] = f"/v1/channels/{made.slug}"
    return _shown(response, made)


@router.get("/channels/{channel}")
def get_channel(request: Request, response: Response, channel: ChannelName, who: Reader) -> ChannelOut:
    """One channel; its ETag is needed to change it."""
    return _shown(response, the_channel(channels_of(request, who), channel))


@router.patch("/channels/{channel}")
def change_channel(
    request: Request, response: Response, channel: ChannelName, body: ChannelChange, who: Writer, version: IfMatch
) -> ChannelOut:
    """Change a channel's name, or whether the tenant sells there at present."""
    changed = service.change_channel(channels_of(request, who), channel, body.given(), version=version)
    return _shown(response, changed)


def channels_of(request: Request, who: Principal) -> Channels:
    """The channels of the caller's tenant, with the caller as who acts."""
    house: House = request.app.state.house
    return house.channels(house.tenant(who.tenant), who.actor)


def the_channel(channels: Channels, slug: str) -> Channel:
    """The channel; NotFound if there is none. Others are not named: not everybody may know of them."""
    found = service.find_channel(channels, slug)
    if found is None:
        raise NotFound(f"there is no channel {slug!r}")
    return found


def _shown(response: Response, channel: Channel) -> ChannelOut:
    show_version(response, channel.version)
    return ChannelOut.of(channel)
