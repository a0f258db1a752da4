"""Passwords: how one is hashed and verified, and how long guessing is held up. No store; `strength` says what is good.

A password is the NFKC of what was typed (NIST SP 800-63B): composed and decomposed letters, full-width forms and
ligatures are the same on every keyboard. What Unicode has not assigned is refused when a password is chosen, since what
it is normalised to may change with the next version. Nothing is cut off, and no kind of character is demanded.
"""

import base64
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from commerce.errors import Transient

SHORTEST, LONGEST = 12, 256
"""Bounds of a password's length, in characters."""

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
"""Argon2id as OWASP asks for at least: some 20 to 40 ms and 19 MiB, which two cores do 50 to 100 times a second."""

AT_ONCE, PATIENCE = 2, 3.0
"""How many hashes are computed at the same time, and for how many seconds another one waits for its turn."""

FREE_FAILURES, FIRST_LOCKOUT, LONGEST_LOCKOUT = 4, 30, 15 * 60
"""Failures that cost nothing; seconds that the next one costs, doubled by each after it; the most that one costs."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password is the right one, and whether its hash should be made anew with today's parameters."""

    right: bool
    outdated: bool = False

    def __bool__(self) -> bool:
        return self.right


class Passwords:
    """Hashes and verifies, a bounded number at a time. To be called from threads: it blocks, other threads go on.

    One per process: the bound is what keeps a crowd at the login from taking all memory and every core.
    """

    def __init__(self, *, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
        self._turns = BoundedSemaphore(at_once)
        self._patience = patience
        self._nobodys = _hash_of_nothing()

    def hash(self, password: str) -> str:
        """The hash to store. Raises Transient when too many wait; expects a password that `check_strength` accepts."""
        with self._turn():
            return self._hasher.hash(normal(password))

    def verify(self, stored: str | None, password: str) -> Verdict:
        """Whether `password` is the one of the stored hash. Raises Transient when too many wait.

        None stands for an unknown user, or one without a password, and takes as long as a wrong password. So does a
        password that cannot be anybody's: too long, or no text.
        """
        typed = normal(password) if len(password) <= LONGEST and _is_text(password) else None
        with self._turn():
            try:
                self._hasher.verify(stored if stored is not None and typed is not None else self._nobodys, typed or "")
            except (VerificationError, InvalidHashError):
                return Verdict(right=False)
        return Verdict(right=True, outdated=stored is not None and self._hasher.check_needs_rehash(stored))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._patience):
            raise Transient("too many people log in at the same moment; try again in a few seconds")
        try:
            yield
        finally:
            self._turns.release()


def normal(password: str) -> str:
    """The password as it is hashed and compared."""
    return unicodedata.normalize("NFKC", password)


def lockout_seconds(failures: int) -> int:
    """How long nobody may try again after so many failures in a row: nothing up to four, then doubling up to 15 min."""
    beyond = failures - FREE_FAILURES
    if beyond <= 0:
        return 0
    return min(FIRST_LOCKOUT << min(beyond - 1, 10), LONGEST_LOCKOUT)


def _is_text(password: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in password)


def _hash_of_nothing() -> str:
    """A hash that no password has, in the form and with the costs of a real one."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"
