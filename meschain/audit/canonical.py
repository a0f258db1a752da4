"""One way to write a value down, so that equal values have equal hashes; and the commitment to what is kept apart."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from commerce.errors import Refused

SALT_BYTES = 32
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> str:  # noqa: ANN401  any value that JSON can hold
    """`value` as JSON: keys in order of their code points, no blanks, nothing escaped that need not be.

    Takes None, bool, int, str, and sequences and mappings (with text as keys) of them. Everything else is Refused by
    its place: a float has no one way to be written, and of times and amounts the caller knows the text.
    """
    if _is_plain(value):
        try:
            return _ENCODER.encode(value).decode()
        except UnicodeEncodeError:
            pass  # told below by its place
    _check(value, "")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def commitment(salt: bytes, payload: str) -> bytes:
    """What a leaf says of a payload without giving it away: SHA-256 over salt and payload; a leaf has it in base64.

    Refused unless the salt has 32 bytes: with a salt of any length, text could move from the one to the other.
    """
    if len(salt) != SALT_BYTES:
        raise Refused(f"a salt of {len(salt)} bytes cannot be used; expected {SALT_BYTES} random ones")
    return hashlib.sha256(salt + payload.encode()).digest()


def _is_plain(value: Any) -> bool:  # noqa: ANN401  any value at all
    """Whether it is made of just the types that JSON is read into: the quick encoder writes these the same way."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and _is_plain(part) for key, part in value.items())
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return value is None or kind is str or kind is int or kind is bool


def _check(value: Any, place: str) -> None:  # noqa: ANN401  any value at all
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise Refused(f"{place or '/'}: the key {key!r} is no text; expected text as keys")
            _check_text(key, place)
            _check(part, f"{place}/{key}")
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        for number, part in enumerate(value):
            _check(part, f"{place}/{number}")
    elif value is not None and not isinstance(value, int):
        raise Refused(
            f"{place or '/'}: a {type(value).__name__} cannot be written in one way only; expected text, a whole "
            "number, a truth value, null, or a list or mapping of them"
        )


def _check_text(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(f"{place or '/'}: half a surrogate pair is no text; expected what UTF-8 can hold") from None


def _plain(value: Any) -> Any:  # noqa: ANN401  what the encoder does not know by itself
    """Mappings and sequences of other kinds than dict, list and tuple."""
    return dict(value) if isinstance(value, Mapping) else list(value)
