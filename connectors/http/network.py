"""The guarded way to the network under httpcore: resolve, check, connect to that very address, keep to the deadline.

The connection is opened to an address that was checked, so a name that resolves differently a moment later gains
nothing. TLS and the Host header still see the name: httpcore passes it on, and pools connections by it.
"""

import math
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any

import httpcore

from connectors.http.address import AddressRule

Resolve = Callable[[str, int], list[str]]
"""From host and port to the texts of its addresses, best first; raises OSError."""

_WRITE_PIECE = 64 * 1024
_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Let no network wait of this thread last beyond `deadline` (of the monotonic clock); an earlier one stays."""
    token = _deadline.set(min(deadline, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float:
    """Seconds to the deadline, 0 when it has passed."""
    return max(0.0, _deadline.get() - time.monotonic())


def seconds_left(wanted: float | None = None) -> float:
    """The smaller of `wanted` and the time to the deadline; raises httpcore.ReadTimeout when that has passed."""
    left = remaining()
    if left == 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if wanted is None else min(wanted, left)


def ask_system(host: str, port: int) -> list[str]:
    """Resolve with the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedNetwork(httpcore.NetworkBackend):
    """Opens connections for httpcore, to checked addresses only. `dial` makes the plain connection to an address."""

    def __init__(
        self, rule: AddressRule, resolve: Resolve = ask_system, dial: httpcore.NetworkBackend | None = None
    ) -> None:
        self._rule = rule
        self._resolve = resolve
        self._dial = dial or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that answers; raises Refused if any of them is not allowed."""
        give_up = time.monotonic() + seconds_left(timeout)
        # All are checked before one is used: a name with one forbidden address is not trusted with its others.
        addresses = [self._rule.check(host, text) for text in self._addresses(host, port, seconds_left(timeout))]
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for tried, address in enumerate(addresses):
            share = (give_up - time.monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            try:
                plain = self._dial.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _PunctualStream(plain)
        raise failure

    def _addresses(self, host: str, port: int, timeout: float) -> list[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        answer: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
        # A thread of its own, because the system's resolver knows no time limit.
        threading.Thread(target=_answer_into, args=(answer, self._resolve, host, port), daemon=True).start()
        try:
            found = answer.get(timeout=timeout)
        except queue.Empty:
            raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time") from None
        if isinstance(found, Exception):
            raise httpcore.ConnectError(f"the name {host} does not resolve: check its spelling and this machine's DNS")
        return found


def _answer_into(answer: queue.SimpleQueue[list[str] | Exception], resolve: Resolve, host: str, port: int) -> None:
    try:
        answer.put(resolve(host, port))
    except (OSError, ValueError) as error:
        answer.put(error)


class _PunctualStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline of the thread that uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_PIECE):
            self._inner.write(buffer[start : start + _WRITE_PIECE], seconds_left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _PunctualStream(self._inner.start_tls(ssl_context, server_hostname, seconds_left(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore says so
        return self._inner.get_extra_info(info)
