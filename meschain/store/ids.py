"""Identifiers of rows: UUID version 7 (RFC 9562) as text, sorting as made. No tokens: they can be guessed."""

import os
import secrets
import threading
import time
import uuid
from datetime import datetime

_COUNTER_BITS = 42
_TAIL_BITS = 32


class _Clock:
    """Milliseconds and a 42-bit counter that never run back in this process (RFC 9562 §6.2, method 1)."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin with a fresh lock and counter; also after a fork: no lock of the parent, no counter of the parent."""
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def tick(self) -> tuple[int, int]:
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._millisecond:
                # The top bit starts clear, so that 2**41 more ids of this millisecond find room.
                self._millisecond, self._counter = now, secrets.randbits(_COUNTER_BITS - 1)
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._millisecond, self._counter = self._millisecond + 1, secrets.randbits(_COUNTER_BITS - 1)
            return self._millisecond, self._counter


_clock = _Clock()
os.register_at_fork(after_in_child=_clock.start)


def new_id() -> str:
    """A new UUIDv7 as lower-case text of 36 characters; within a process, later ids sort after earlier ones."""
    millisecond, counter = _clock.tick()
    value = (millisecond & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | counter >> 30 << 64
    value |= 0b10 << 62 | (counter & (1 << 30) - 1) << _TAIL_BITS
    return str(uuid.UUID(int=value | secrets.randbits(_TAIL_BITS)))


def first_id(moment: datetime) -> str:
    """The smallest id that could have been made at that moment; not one of any row."""
    millisecond = int(moment.timestamp() * 1000) & (1 << 48) - 1
    return f"{millisecond >> 16:08x}-{millisecond & 0xFFFF:04x}"
