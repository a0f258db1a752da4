"""Turns what goes wrong on the wire, and statuses that mean no, into the error kinds of `commerce`: the only place."""

import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Self

import h11
import httpcore

from commerce.errors import Permanent, Transient
from connectors.http.network import remaining

HEADER_LIMIT_KB = 100
"""httpcore's bound on the header lines of an answer."""

WIRE_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
"""What `of_wire` understands."""
_BEFORE_SENDING = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
_LONGEST_QUOTE = 200
_RETRY_STATUSES = frozenset({408, 425, 429})
_ADVICE = {
    400: "the request is not understood there: check address and parameters",
    401: "the credentials are missing or not accepted: check user, password or key",
    403: "access is forbidden: check the rights of the key and whether the partner admits this machine's address",
    404: "nothing is there: check the address",
    405: "this method is not allowed there: check the address",
    406: "the wanted form is not offered there",
    407: "a proxy asks for credentials: proxies are not used, check the network",
    410: "it is gone for good: ask the partner for the new address",
    422: "the content is not accepted: see what the server says",
    426: "the server wants another protocol or version: ask the partner for the new address",
    451: "it is withheld for legal reasons",
}


class HttpTransient(Transient):
    """A failure on the wire that may pass.

    Attributes: `status` (0 when there was no answer), `retry_after` (seconds the server asked for, else None),
    `sent` (False only if the request certainly never left; True means the outcome of a write is unknown).
    """

    def __init__(self, message: str, *, status: int = 0, retry_after: float | None = None, sent: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.sent = sent

    def after(self, attempts: int) -> Self:
        """The same failure, saying how often it was tried."""
        message = f"{self} (gave up after {attempts} attempts)"
        return type(self)(message, status=self.status, retry_after=self.retry_after, sent=self.sent)


class NotAsked(HttpTransient):
    """The host was left in peace (open breaker, rate limit): trying again at once is no use."""


class HttpPermanent(Permanent):
    """An answer, or a fault of the request, that stays until a person changes something; `status` 0: no answer."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def of_status(status: int, shown: str, said: str, retry_after: str) -> HttpTransient | HttpPermanent:
    """The error for a status outside 2xx and 304; `shown` is method and redacted URL, `said` the server's own words."""
    words = f'; it says: "{said}"' if said else ""
    if status in _RETRY_STATUSES or status >= 500:
        wait = seconds_of(retry_after)
        again = "" if wait is None else f", asks to wait {wait:.0f} s"
        return HttpTransient(f"{shown}: the server answered {status}{again}{words}", status=status, retry_after=wait)
    advice = _ADVICE.get(status, "the request will be answered so again: check address and credentials")
    return HttpPermanent(f"{shown}: the server answered {status}; {advice}{words}", status=status)


def of_wire(error: Exception, shown: str, received: str, clean: Callable[[str], str]) -> HttpTransient | HttpPermanent:
    """The error for an exception of httpcore.

    `received` says how much of the body had come, empty before any. `clean` takes secrets out of the exception's own
    words, which may quote the server.
    """
    cause = error.args[0] if error.args else None
    so_far = f" after {received}" if received else ""
    match error, cause:
        case _, ssl.SSLCertVerificationError():
            why = f"the server's certificate is not trusted ({cause.verify_message})"
            return HttpPermanent(f"{shown}: {why}; have the partner mend it, or name its authority in `ca_file`")
        case _, h11.RemoteProtocolError(error_status_hint=431):
            why = f"the header lines of the answer exceed {HEADER_LIMIT_KB} KB"
            return HttpPermanent(f"{shown}: {why}; this is no feed server: check the address")
        case httpcore.LocalProtocolError(), _:
            return HttpPermanent(f"{shown}: the request cannot be written in HTTP; check its header values")
    words = clean(str(error) or type(error).__name__)[:_LONGEST_QUOTE]
    return HttpTransient(f"{shown}: {_broken(error, so_far, words)}", sent=not isinstance(error, _BEFORE_SENDING))


def _broken(error: Exception, so_far: str, words: str) -> str:
    if isinstance(error, httpcore.TimeoutException) and remaining() == 0:
        return f"not done within the time allowed for the whole exchange (`total_timeout`){so_far}"
    if isinstance(error, httpcore.PoolTimeout):
        return "no connection became free in time"
    if isinstance(error, _BEFORE_SENDING):
        return f"no connection ({words})"
    if isinstance(error, httpcore.TimeoutException):
        return f"the server fell silent{so_far}"
    if so_far:
        return f"the answer ended{so_far}; the rest never came"
    return f"the connection broke before an answer ({words})"


def seconds_of(retry_after: str) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date; None when absent or unreadable."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
