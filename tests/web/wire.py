"""What goes over a socket, byte by byte: for what no client of good manners would send."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_LONGEST = 20.0


@dataclass
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_LONGEST)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send as it is."""
        self.socket.sendall(data)

    def reply(self, *, head: bool = False) -> Reply | None:
        """The next answer; None if the connection ends without one. `head`: it has no body."""
        try:
            first = self._file.readline()
            if not first:
                return None
            reply = Reply(int(first.split()[1]))
            while (line := self._file.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                reply.headers[name.decode().lower()] = value.strip().decode()
        except ConnectionError:
            return None
        if reply.status != 100 and not head:
            reply.body = self._file.read(int(reply.headers.get("content-length", "0")))
        return reply

    def ends_within(self, seconds: float) -> bool:
        """Whether the other side ends the connection within that time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    def close(self) -> None:
        """End it."""
        self._file.close()
        self.socket.close()


@contextmanager
def wire(port: int) -> Iterator[Wire]:
    """A connection for the length of the block."""
    opened = Wire(port)
    try:
        yield opened
    finally:
        opened.close()


def ask(port: int, *parts: bytes, pause: float = 0.0) -> Reply | None:
    """The answer to a request that is sent in these parts."""
    with wire(port) as opened:
        try:
            for part in parts:
                opened.send(part)
                time.sleep(pause)
        except ConnectionError:
            pass
        return opened.reply()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
