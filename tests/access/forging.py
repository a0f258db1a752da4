"""Keys that are the same in every process, what they sign, and tokens made by hand for tests of access tokens."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc.jwk import OKPKey

from meschain.access.tokens import Claims, InvalidToken, SigningKey, keyring, verify

NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://shop.example.com", "meschain-api"
CLAIMS = Claims(
    iss=ISSUER, aud=AUDIENCE, sub="user-1", tenant="tenant-1", sid="session-1", sv=3, iat=NOW, exp=NOW + 600, jti="j"
)


def fixed_key(number: int) -> SigningKey:
    """The same key in every process: names of tests are made of keys."""
    raw = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return SigningKey(raw.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


KEY, NEXT, THEIRS = map(fixed_key, (1, 2, 3))
RING = keyring([KEY.public, NEXT.public])
HEADER = {"alg": "EdDSA", "typ": "at+jwt", "kid": KEY.kid}
SAID = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "tenant": "tenant-1", "sid": "session-1", "sv": 3, "iat": NOW,
    "exp": NOW + 600, "jti": "j",
}  # fmt: skip


def read(token: str, **other: Any) -> Claims:
    return verify(token, RING, **{"audience": AUDIENCE, "issuer": ISSUER, "now": NOW, **other})


def cause(token: str, **other: Any) -> str:
    with pytest.raises(InvalidToken) as refused:
        read(token, **other)
    return refused.value.cause


def encoded(value: object) -> str:
    """Base64 of bytes, of a text, or of anything as JSON."""
    text = value if isinstance(value, str | bytes) else json.dumps(value)
    raw = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw_key(key: SigningKey) -> Ed25519PrivateKey:
    return load_pem_private_key(OKPKey.import_key(json.loads(key.private)).as_pem(private=True), None)


def forged(header: object = None, claims: object = None, key: SigningKey = KEY) -> str:
    """A token rightly signed with our key, whatever stands in it: dicts, JSON text or bytes."""
    text = f"{encoded(HEADER if header is None else header)}.{encoded(SAID if claims is None else claims)}"
    return f"{text}.{encoded(raw_key(key).sign(text.encode()))}"
