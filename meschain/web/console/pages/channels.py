"""Pages of channels: where the tenant sells."""

from typing import Annotated

from fastapi import APIRouter, Response

from commerce.currency import ISO_4217
from commerce.errors import MesChainError
from meschain.access import tenants
from meschain.access.permissions import Permission
from meschain.channels import service
from meschain.channels.api import CHANNEL, channels_of, the_channel
from meschain.channels.tables import Channel
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.views import channels as views
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
Seer = Annotated[Visit, Entered(Permission.CHANNELS_READ, CHANNEL, partly=True)]
Reader = Annotated[Visit, Entered(Permission.CHANNELS_READ, CHANNEL)]
Writer = Annotated[Visit, Entered(Permission.CHANNELS_WRITE, CHANNEL)]
Maker = Annotated[Visit, Entered(Permission.CHANNELS_WRITE)]


@router.get(PAGES["channels"])
def list_channels(visit: Seer) -> Response:
    """Every channel that one may see."""
    scopes = visit.who.scopes(Permission.CHANNELS_READ, CHANNEL)
    found = service.list_channels(channels_of(visit.request, visit.who), scopes=scopes)
    return visit.show(views.Channels(channels=tuple(map(_row, found))))


@router.get(PAGES["new-channel"])
def show_new_channel(visit: Maker) -> Response:
    """A channel to be added."""
    return visit.show(_new_channel(visit))


@router.post(ACTS["add-channel"])
def add_channel(visit: Maker) -> Response:
    """Add a channel."""
    slug, name, currency = visit.given("slug"), visit.given("name"), visit.given("currency")
    try:
        service.add_channel(channels_of(visit.request, visit.who), slug, name=name, currency=currency)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_new_channel(visit, form), status)
    return visit.go("channel", "channel-added", channel=slug)


@router.get(PAGES["channel"])
def show_channel(visit: Reader, channel: str) -> Response:
    """One channel."""
    return visit.show(_channel(visit, channel))


@router.post(ACTS["change-channel"])
def change_channel(visit: Writer, channel: str) -> Response:
    """Change a channel's name, or whether one sells there, unless somebody else changed it meanwhile."""
    change: service.Change = {"name": visit.given("name"), "active": visit.given("active") == "true"}
    try:
        service.change_channel(
            channels_of(visit.request, visit.who), channel, change, version=visit.number("version")
        )  # fmt: skip
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_channel(visit, channel, form), status)
    return visit.go("channel", "channel-changed", channel=channel)


def _new_channel(visit: Visit, form: Form = EMPTY) -> views.NewChannel:
    tenant = tenants.get_tenant(visit.access.engine, visit.who.tenant)
    return views.NewChannel(currencies=tuple(sorted(ISO_4217)), currency=tenant.default_currency or "", form=form)


def _channel(visit: Visit, slug: str, form: Form | None = None) -> views.Channel:
    found = the_channel(channels_of(visit.request, visit.who), slug)
    stands = Form(values={"name": found.name, "active": "true" if found.active else ""})
    return views.Channel(row=_row(found), added_at=found.created_at, version=found.version, form=form or stands)


def _row(channel: Channel) -> views.ChannelRow:
    return views.ChannelRow(
        slug=channel.slug, name=channel.name, currency=channel.currency, state="active" if channel.active else "off"
    )
