"""Views of channels: where the tenant sells."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from meschain.web.console.views.page import EMPTY, Form, View

ChannelState = Literal["active", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel in a list."""

    slug: str
    name: str
    currency: str
    state: ChannelState


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels(View):
    """Every channel that the reader may see."""

    template: ClassVar[str] = "channels.html"

    channels: tuple[ChannelRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel(View):
    """A channel to be added."""

    template: ClassVar[str] = "new_channel.html"

    currencies: tuple[str, ...]
    currency: str = ""
    """The tenant's, to begin with; empty if it has none."""
    form: Form = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(View):
    """One channel."""

    template: ClassVar[str] = "channel.html"

    row: ChannelRow
    added_at: datetime
    version: int
    form: Form
    """What may be changed, as it stands or as it was given."""
