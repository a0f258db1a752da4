"""The four kinds of failure everyone shares; the kind says what to do next. No I/O, no formatting for screens.

MesChainError
├── Transient   the same call may succeed later: retry with backoff
├── Permanent   it will fail again until a person changes something: stop and say what
├── BadRecord   one record is wrong: quarantine it and go on with the rest
└── Refused     a rule says no (gate, guard, exclusion): nothing was changed
"""


class MesChainError(Exception):
    """Root of every error MesChain raises on purpose; its text is fit for a person to read."""


class Transient(MesChainError):
    """A failure of the moment: time-out, 429, 5xx, a lock not free in time."""


class Permanent(MesChainError):
    """A failure that needs a person: wrong credentials, an unreadable file, a setting that cannot work."""


class Refused(MesChainError):
    """A rule of the house forbids the act; the state is what it was before."""


class BadRecord(MesChainError):
    """One record cannot be accepted.

    Attributes: `reason` (a stable code such as `ambiguous_number`), `field`, `value` as received, `expected` in words.
    """

    def __init__(self, reason: str, field: str, value: str, expected: str) -> None:
        super().__init__(f"{field}: {value!r} is {reason.replace('_', ' ')}; expected {expected}")
        self.reason = reason
        self.field = field
        self.value = value
        self.expected = expected

    def __reduce__(self) -> tuple[type["BadRecord"], tuple[str, str, str, str]]:
        """Keep the four parts when the error crosses a process."""
        return type(self), (self.reason, self.field, self.value, self.expected)
