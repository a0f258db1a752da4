"""How many requests a minute: of a user or key, of a tenant, of an address that has not said who it is.

The headers are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers): a policy's quota `q` in a window of
`w` seconds, what remains of it `r`, and the seconds `t` until it is whole again. Counted per process, on its event
loop only, by the minute: when the next one begins, all is forgotten.
"""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable

from fastapi import Request

from meschain.access.principal import Principal
from meschain.settings import ApiSettings
from meschain.web.gate import parse_address
from meschain.web.problems import BadRequest

VISITS_PER_MINUTE, PROBES_PER_MINUTE = 60, 600
_WINDOW = 60
_NETWORK_BITS = 64
"""What one subscriber has of IPv6: whoever has one address there has all of them."""


class TooMany(BadRequest):
    """Somebody asks too often; `seconds` until it may go on."""

    def __init__(self, seconds: int) -> None:
        text = f"too many requests; go on in {seconds} seconds"
        super().__init__(429, "too-many-requests", text, headers={"Retry-After": str(seconds)})
        self.seconds = seconds

    def __reduce__(self) -> tuple[type["TooMany"], tuple[int]]:  # type: ignore[override]  # made from one part
        """Keep the seconds when the error crosses a process."""
        return type(self), (self.seconds,)


class Rates:
    """The counters of one process."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        visits: int = VISITS_PER_MINUTE,
        probes: int = PROBES_PER_MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = {
            "subject": settings.rate_per_minute, "tenant": settings.rate_per_minute_tenant,
            "address": visits, "probe": probes,
        }  # fmt: skip
        self._clock = clock
        self._minute = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, request: Request, who: Principal) -> None:
        """Count a request of somebody who is known; raises TooMany. What a subject has too many costs no tenant."""
        self._take(request, ("subject", f"{who.tenant_id}/{who.actor.id}"), ("tenant", who.tenant_id))

    def count_visitor(self, request: Request) -> None:
        """Count a request of nobody in particular, by its address; raises TooMany."""
        self._take(request, ("address", _address(request)))

    def count_probe(self, request: Request) -> None:
        """Count a look at our health, apart from other visits: a watchman must not keep people from logging in."""
        self._take(request, ("probe", _address(request)))

    def _take(self, request: Request, *keys: tuple[str, str]) -> None:
        minute, past = divmod(self._clock(), _WINDOW)
        if minute != self._minute:
            self._minute = int(minute)
            self._counts.clear()
        seconds = _WINDOW - int(past)
        policies, states = list[str](), list[str]()
        for key in keys:
            name, most = key[0], self._most[key[0]]
            self._counts[key] += 1
            remaining = most - self._counts[key]
            policies.append(f'"{name}";q={most};w={_WINDOW}')
            states.append(f'"{name}";r={max(0, remaining)};t={seconds}')
            request.scope["rate"] = (
                (b"ratelimit-policy", ", ".join(policies).encode()),
                (b"ratelimit", ", ".join(states).encode()),
            )
            if remaining < 0:
                raise TooMany(seconds)


async def count_visitor(request: Request) -> None:
    """The dependency of routes that are open to everybody."""
    request.app.state.rates.count_visitor(request)


async def count_probe(request: Request) -> None:
    """The dependency of routes for whoever watches over us."""
    request.app.state.rates.count_probe(request)


def _address(request: Request) -> str:
    """Whom the request's address belongs to."""
    host = request.client.host if request.client else ""
    address = parse_address(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address.packed, _NETWORK_BITS), strict=False))
    return str(address) if address is not None else host
