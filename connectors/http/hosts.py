"""What the client remembers of each host: its rate limit, its retry budget and its circuit breaker. No I/O."""

import time
from collections.abc import Callable
from threading import Lock

from connectors.http.settings import HttpSettings

Clock = Callable[[], float]


class TokenBucket:
    """`burst` tokens, refilled at `rate` per second; safe to share between threads."""

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()
        self._lock = Lock()

    def reserve(self, longest: float) -> float | None:
        """Take the next token; returns the seconds until it is due, or None (nothing taken) if later than `longest`."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            wait = max(0.0, (1 - self._tokens) / self._rate)
            if wait > longest:
                return None
            self._tokens -= 1
            return wait


class Breaker:
    """Opens after so many failures in a row; when it has cooled down, one call at a time may probe the host."""

    def __init__(self, failures: int, cooldown: float, clock: Clock = time.monotonic) -> None:
        self._limit = failures
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._closed_to = 0.0
        self._probing = False
        self._why = ""
        self._lock = Lock()

    @property
    def why(self) -> str:
        """What the last failure was."""
        return self._why

    def admit(self) -> float:
        """0 if the call may go, which then must be reported back; else the seconds to wait before asking again."""
        with self._lock:
            if self._failures < self._limit:
                return 0.0
            wait = self._closed_to - self._clock()
            if wait > 0 or self._probing:
                return max(wait, 1.0)
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        """The host answered."""
        with self._lock:
            self._failures = 0
            self._probing = False

    def failed(self, why: str) -> bool:
        """The host did not answer, or with a failure of its own; True if this opened the breaker."""
        with self._lock:
            self._why = why
            self._probing = False
            self._failures += 1
            if self._failures < self._limit:
                return False
            self._closed_to = self._clock() + self._cooldown
            return True

    def released(self) -> None:
        """The call ended without saying anything about the host."""
        with self._lock:
            self._probing = False


class Host:
    """The state of one host and port."""

    def __init__(self, settings: HttpSettings, clock: Clock) -> None:
        self.turns = TokenBucket(settings.rate, settings.burst, clock)
        self.retries = TokenBucket(settings.retries_per_minute / 60, settings.retries_per_minute, clock)
        self.breaker = Breaker(settings.breaker_failures, settings.breaker_cooldown, clock)


class Hosts:
    """Every host spoken to so far."""

    def __init__(self, settings: HttpSettings, clock: Clock = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._known: dict[tuple[str, int], Host] = {}
        self._lock = Lock()

    def of(self, host: str, port: int) -> Host:
        """The state of a host, new if it is spoken to for the first time."""
        with self._lock:
            if (host, port) not in self._known:
                self._known[host, port] = Host(self._settings, self._clock)
            return self._known[host, port]
