"""What the channels' use cases need of the house."""

from dataclasses import dataclass

from meschain.audit.acting import Acting


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels(Acting):
    """One tenant's sales channels."""
