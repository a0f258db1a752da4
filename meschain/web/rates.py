"""How many requests a minute: of a user or key, of a tenant, of an address that has not said who it is.

The headers are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers): a policy's quota `q` in a window of
`w` seconds, what remains of it `r`, and the seconds `t` until it is whole again. Counted per process.
"""

import time

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from meschain.access.principal import Principal
from meschain.settings import ApiSettings
from meschain.web.problems import BadRequest

VISITS_PER_MINUTE = 60
_WINDOW = 60


class TooMany(BadRequest):
    """Somebody asks too often; `seconds` until it may go on."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, "too-many-requests", f"too many requests; go on in {seconds} seconds")
        self.seconds = seconds

    def __reduce__(self) -> tuple[type["TooMany"], tuple[int]]:  # type: ignore[override]  made from one part
        """Keep the seconds when the error crosses a process."""
        return type(self), (self.seconds,)


class Rates:
    """The counters of one process."""

    def __init__(self, settings: ApiSettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._subject = RateLimitItemPerMinute(settings.rate_per_minute)
        self._tenant = RateLimitItemPerMinute(settings.rate_per_minute_tenant)
        self._visitor = RateLimitItemPerMinute(VISITS_PER_MINUTE)

    def count(self, request: Request, who: Principal) -> None:
        """Count a request of somebody who is known; raises TooMany."""
        self._take(request, "tenant", self._tenant, who.tenant_id)
        self._take(request, "subject", self._subject, f"{who.tenant_id}/{who.actor.id}")

    def count_visitor(self, request: Request) -> None:
        """Count a request of nobody in particular, by its address; raises TooMany."""
        self._take(request, "address", self._visitor, request.client.host if request.client else "")

    def _take(self, request: Request, name: str, item: RateLimitItem, who: str) -> None:
        taken = self._limiter.hit(item, name, who)
        stats = self._limiter.get_window_stats(item, name, who)
        left = max(1, int(stats.reset_time - time.time()) + 1)
        request.scope["rate"] = (
            (b"ratelimit-policy", f'"{name}";q={item.amount};w={_WINDOW}'.encode()),
            (b"ratelimit", f'"{name}";r={stats.remaining};t={left}'.encode()),
        )
        if not taken:
            raise TooMany(left)


async def count_visitor(request: Request) -> None:
    """The dependency of routes that are open to everybody."""
    request.app.state.rates.count_visitor(request)
