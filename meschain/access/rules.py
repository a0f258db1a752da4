"""What a name, a currency and a time zone of a tenant must look like. Pure decisions, no store."""

import re
import zoneinfo

from commerce.currency import ISO_4217
from commerce.errors import Refused

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def check_slug(slug: str, what: str) -> str:
    """`slug` as it is; Refused unless it can stand in a path, a URL and a lock's name. `what` names the thing."""
    if not _SLUG.fullmatch(slug):
        raise Refused(
            f"{what} cannot be called {slug!r}; expected 1 to 63 of a-z, 0-9 and dash, with no dash at either end"
        )
    return slug


def check_currency(code: str | None) -> str | None:
    """`code` as it is; Refused unless it is None or an ISO 4217 code."""
    if code is not None and code not in ISO_4217:
        raise Refused(f"{code!r} is no currency; expected an ISO 4217 code such as TRY, EUR or USD")
    return code


def check_time_zone(name: str) -> str:
    """`name` as it is; Refused unless it is a time zone of the IANA database."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"{name!r} is no time zone; expected an IANA name such as Europe/Istanbul") from None
    return name


class Unauthenticated(Refused):
    """Nobody is known to ask, or not well enough."""


class SecondFactorNeeded(Unauthenticated):
    """The password is right; the code of the second factor is missing."""


class Forbidden(Refused):
    """Whoever asks is known, and may not."""


class ChangedMeanwhile(Refused):
    """Somebody else changed it since whoever asks has seen it."""


class NotFound(Refused):
    """There is no such thing, for whoever asks."""
