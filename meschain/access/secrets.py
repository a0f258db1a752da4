"""Secrets that we hand out: API keys, refresh tokens, links that work once. How they look, what is kept of them. Pure.

    meschain_key_<id: 12>_<secret: 43><checksum: 6>     API key; the id is public and names it in lists and logs
    meschain_refresh_<secret: 43><checksum: 6>          refresh token
    meschain_link_<secret: 43><checksum: 6>             what a link carries

All of base 62 (0-9, A-Z, a-z), so that a double click takes all of it and no URL has to escape it. The secret has 256
random bits. The checksum is the CRC-32 of all that stands before it. It proves nothing, but a scanner for leaked
secrets knows ours by it (`SCANNABLE` is its expression), and a typing error is told from a key that was revoked.

Only `hash_secret` of the whole text is stored. One round of SHA-256 is right here, other than for passwords: nobody can
try 2^256 secrets, so a slow hash would protect nothing and cost every request; and it needs no salt, since no two
secrets are the same. It may be looked up in an index: who has no secret cannot choose what its hash begins with.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Literal

from meschain.access.rules import Unauthenticated

SecretKind = Literal["key", "link", "refresh"]

SCANNABLE = r"\bmeschain_(?:key_[0-9A-Za-z]{12}|link|refresh)_[0-9A-Za-z]{49}\b"
"""For scanners of leaked secrets; what it finds is one of ours if `is_ours` says so."""

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID, _SECRET, _CHECKSUM = 12, 43, 6
_FORM = re.compile(
    rf"meschain_(?P<kind>key_(?P<id>[0-9A-Za-z]{{{_ID}}})|link|refresh)"
    rf"_[0-9A-Za-z]{{{_SECRET}}}(?P<checksum>[0-9A-Za-z]{{{_CHECKSUM}}})"
)
_NAMES: dict[SecretKind, str] = {"key": "API key", "link": "link", "refresh": "refresh token"}


class Mistyped(Unauthenticated):
    """The text is no secret of ours as it stands: cut off, changed, or something else. The store need not be asked."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in hand. `text` is shown to whom it belongs, once; `hash` is stored; `id` is of an API key only."""

    kind: SecretKind
    text: str = field(repr=False)
    hash: str
    id: str = ""


def new_api_key() -> Secret:
    """A new API key and its public id."""
    return _made("key", _random(_ID))


def new_refresh_token() -> Secret:
    """A new refresh token."""
    return _made("refresh")


def new_link_token() -> Secret:
    """A new token for a link that works once."""
    return _made("link")


def parse_secret(text: str, kind: SecretKind) -> Secret:
    """The secret that the text is. Raises Mistyped, in words that repeat nothing of it, if it cannot be one of ours.

    Whether it was ever given to anybody, and is still good, only the store can tell.
    """
    found = _FORM.fullmatch(text)
    if found is None or found["kind"].partition("_")[0] != kind:
        raise Mistyped(f"this is no {_NAMES[kind]} of ours; expected one that begins with meschain_{kind}_, whole")
    if not hmac.compare_digest(found["checksum"], _checksum(text[:-_CHECKSUM])):
        raise Mistyped(f"this {_NAMES[kind]} is mistyped or cut; copy it whole from where you keep it")
    return Secret(kind, text, hash_secret(text), found["id"] or "")


def is_ours(text: str) -> bool:
    """Whether what a scanner found is one of our secrets and no accident."""
    return bool(_FORM.fullmatch(text)) and text.endswith(_checksum(text[:-_CHECKSUM]))


def hash_secret(text: str) -> str:
    """What is stored of a secret of high entropy: SHA-256 in hexadecimal digits. Not for passwords."""
    return hashlib.sha256(text.encode()).hexdigest()


def same_hash(one: str, other: str) -> bool:
    """Whether two hashes are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _made(kind: SecretKind, public_id: str = "") -> Secret:
    body = "_".join(("meschain", kind, *filter(None, [public_id]), _random(_SECRET)))
    text = body + _checksum(body)
    return Secret(kind, text, hash_secret(text), public_id)


def _random(length: int) -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(length))


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_SIGNS))
        digits = _SIGNS[digit] + digits
    return digits
