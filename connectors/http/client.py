"""The HTTP client of every connector: bounded, guarded, polite, and silent about secrets.

It is synchronous and meant for threads; it keeps no cookies, trusts no environment and follows redirects itself.
It knows no partner and no payload: connectors say what to ask (`Call`) and what to make of the answer.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import httpcore
import httpx

from commerce.errors import Permanent
from connectors.http.address import AddressRule
from connectors.http.answer import Answer, Reply
from connectors.http.call import Call, Hop, first_hop
from connectors.http.failures import WIRE_ERRORS, HttpPermanent, HttpTransient, NotAsked, of_status, of_wire
from connectors.http.hosts import Host, Hosts
from connectors.http.network import GuardedNetwork, Resolve, ask_system, remaining, seconds_left, until
from connectors.http.settings import HttpSettings

log = logging.getLogger(__name__)
T = TypeVar("T")
"""Whatever the caller makes of an answer."""

_EXCERPT_BYTES = 2000
_EXCERPT_LETTERS = 200
_EXCERPT_SECONDS = 5.0


class HttpClient:
    """Asks partners over HTTP. One per process will do; close it, or use it in a `with`.

    `resolve`, `dial`, `sleep` and `spread` (a number below its argument, evenly spread) are for tests and simulators.
    """

    def __init__(
        self,
        settings: HttpSettings | None = None,
        *,
        resolve: Resolve = ask_system,
        dial: httpcore.NetworkBackend | None = None,
        sleep: Callable[[float], None] = time.sleep,
        spread: Callable[[float], float] = lambda longest: random.uniform(0, longest),  # noqa: S311  jitter is no secret
    ) -> None:
        self.settings = settings or HttpSettings()
        self._sleep = sleep
        self._spread = spread
        self._hosts = Hosts(self.settings)
        rule = AddressRule(self.settings.private_hosts, self.settings.private_networks)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(self.settings),
            max_connections=self.settings.max_connections,
            keepalive_expiry=5.0,
            network_backend=GuardedNetwork(rule, resolve, dial),
        )
        logging.getLogger("httpcore.http11").addFilter(_HIDE)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(self, call: Call) -> Reply:
        """Ask, and return the whole answer (2xx or 304). Errors as for `exchange`."""
        return self.exchange(call, lambda answer: Reply(answer.status, answer.headers, answer.read(), answer.shown))

    def exchange(self, call: Call, read: Callable[[Answer], T]) -> T:
        """Ask, and return what `read` makes of the answer (2xx or 304) while it comes in.

        `read` may run again when the answer breaks off, so it has to begin anew each time. Raises HttpTransient when
        attempts, time or retry budget are used up or the host's breaker is open, HttpPermanent for every other
        refusal of the server or fault of the call, Refused for an address that must not be reached.
        """
        first = first_hop(call, self.settings.user_agent)
        deadline = time.monotonic() + (call.total_timeout or self.settings.total_timeout)
        attempt = 1
        with until(deadline):
            while True:
                try:
                    return self._attempt(first, call.max_bytes or self.settings.max_bytes, read)
                except HttpTransient as error:
                    pause = self._pause(error, attempt, call, first, deadline)
                    if pause is None:
                        raise (error.after(attempt) if attempt > 1 else error) from None
                    log.warning("%s; next attempt in %.1f s", error, pause)
                self._sleep(pause)
                attempt += 1

    def _attempt(self, hop: Hop, max_bytes: int, read: Callable[[Answer], T]) -> T:
        visited: list[Hop] = []
        while True:
            with self._sent(hop, max_bytes) as answer:
                location = answer.location
                if location is None:
                    if not (200 <= answer.status < 300 or (answer.status == 304 and hop.conditional)):
                        _raise_for_status(answer, dropped=bool(visited) and visited[0].origin != hop.origin)
                    return read(answer)
            visited.append(hop)
            hop = hop.follow(location)
            if hop.url in [earlier.url for earlier in visited]:
                raise HttpPermanent(f"{visited[0].shown}: the redirects run in a circle; ask the partner")
            if len(visited) > self.settings.max_redirects:
                many = f"more than {self.settings.max_redirects} redirects"
                raise HttpPermanent(f"{visited[0].shown}: {many}; ask the partner for the final address")

    @contextmanager
    def _sent(self, hop: Hop, max_bytes: int) -> Iterator[Answer]:
        """Send one request; whatever happens until its answer is done with counts for or against its host."""
        host = self._hosts.of(hop.url.host, hop.port)
        self._take_turn(host, hop)
        begun = time.monotonic()
        try:
            with closing(self._open(hop)) as raw:
                answer = Answer(raw, hop.shown, max_bytes, hop.redactor.foreign)
                log.debug("%s %s: %s", hop.shown, hop.redactor.headers(hop.headers), answer.status)
                yield answer
            log.debug("%s: %s bytes in %.2f s", hop.shown, answer.received, time.monotonic() - begun)
        except HttpTransient as error:
            if error.status == 429:
                host.breaker.released()
            elif host.breaker.failed(f"status {error.status}" if error.status else "no whole answer"):
                log.warning("%s: calls to this host stop for %.0f s", hop.shown, self.settings.breaker_cooldown)
            raise
        except HttpPermanent:
            host.breaker.succeeded()
            raise
        except BaseException:
            host.breaker.released()
            raise
        host.breaker.succeeded()

    def _open(self, hop: Hop) -> httpcore.Response:
        connect, read = self.settings.connect_timeout, self.settings.read_timeout
        try:
            timeouts = {"connect": connect, "read": read, "write": read, "pool": seconds_left()}
            return self._pool.handle_request(hop.request(timeouts))
        except WIRE_ERRORS as error:
            raise of_wire(error, hop.shown, "", hop.redactor.foreign) from None

    def _take_turn(self, host: Host, hop: Hop) -> None:
        wait = host.turns.reserve(remaining())
        if wait is None:
            raise NotAsked(f"{hop.shown}: this host's rate limit leaves no turn within `total_timeout`", sent=False)
        if wait > 0:
            self._sleep(wait)
        closed_for = host.breaker.admit()
        if closed_for > 0:
            why = f"not asked, because this host failed {self.settings.breaker_failures} times in a row"
            message = f"{hop.shown}: {why} (last: {host.breaker.why}); try again in {closed_for:.0f} s"
            raise NotAsked(message, sent=False, retry_after=closed_for)

    def _pause(self, error: HttpTransient, attempt: int, call: Call, first: Hop, deadline: float) -> float | None:
        """Seconds until the next attempt (full jitter, or what the server asked for); None to give up."""
        settings = self.settings
        if attempt >= settings.attempts or not call.repeatable or isinstance(error, NotAsked):
            return None
        longest = min(settings.backoff_cap, settings.backoff_base * 2 ** (attempt - 1))
        pause = self._spread(longest)
        if error.retry_after is not None:
            pause += min(error.retry_after, settings.retry_after_cap)
        if time.monotonic() + pause >= deadline:
            return None
        budget = self._hosts.of(first.url.host, first.port).retries
        return pause if budget.reserve(0) is not None else None


def _tls(settings: HttpSettings) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(settings.ca_file)
        except OSError as error:
            raise Permanent(f"the HTTP setting `ca_file` {settings.ca_file} is no PEM file ({error})") from None
    return context


def _raise_for_status(answer: Answer, *, dropped: bool) -> NoReturn:
    said = answer.clean(_excerpt(answer))
    shown = answer.shown
    if dropped and answer.status in (401, 403):
        shown += " (reached by a redirect to another host, so without credentials: set this address instead)"
    raise of_status(answer.status, shown, said, answer.headers.get("retry-after", ""))


def _excerpt(answer: Answer) -> str:
    """The first words of an error's body, on one line; empty when it has none or is not text."""
    kind = answer.headers.get("content-type", "")
    if not any(word in kind for word in ("text/plain", "json", "xml")):
        return ""
    head = b""
    with suppress(HttpTransient, HttpPermanent), until(time.monotonic() + _EXCERPT_SECONDS):
        for chunk in answer.chunks():
            head += chunk
            if len(head) >= _EXCERPT_BYTES:
                break
    text = head[:_EXCERPT_BYTES].decode("utf-8", "replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_EXCERPT_LETTERS]


class _HideHeaderLines(logging.Filter):
    """httpcore writes whole header lines at DEBUG, cookies and redirect targets included: none of it passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_HIDE = _HideHeaderLines()
