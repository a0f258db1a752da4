"""Access tokens: JWTs signed with Ed25519 that say who asks, for at most ten minutes. Pure: keys and time come in.

What is accepted is narrow, and everything else is refused (RFC 8725, RFC 9068): one algorithm, which is a property of
our keys and not of the token; exactly the three header parameters that we set, so that no key, address or certificate
in a token is ever looked at and nothing is critical; a `kid` that names one of our keys; every claim of the type that
we give it. joserfc does the cryptography; what it would let pass is refused before it sees it.
"""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry, deserialize_compact, serialize_compact
from joserfc.util import urlsafe_b64decode

from commerce.errors import Permanent
from meschain.access.rules import Unauthenticated

ALGORITHM = "EdDSA"
TYPE = "at+jwt"
_CURVE = "Ed25519"
LONGEST_LIFE = 600
"""Seconds from `iat` to `exp`."""

LEEWAY = 30
"""Seconds by which the clocks of two of our machines may differ."""

LARGEST = 2048
"""Characters of a token; ours have about 600."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{86}")
_PUBLIC = ("kty", "crv", "x", "kid", "alg", "use")


class InvalidToken(Unauthenticated):
    """A token that is not accepted. Its text is for whoever sent it and tells only what to do; `cause` is for our log.

    Causes: audience, claims, expired, form, future, header, issuer, key, lifetime, signature, type.
    """

    def __init__(self, cause: str) -> None:
        told = "the access token has expired; get a new one" if cause == "expired" else "the access token is not valid"
        super().__init__(told)
        self.cause = cause

    def __reduce__(self) -> tuple[type["InvalidToken"], tuple[str]]:
        """Keep the cause when the error crosses a process."""
        return type(self), (self.cause,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says; the names are those of the JWT."""

    iss: str
    aud: str
    sub: str
    """The user."""
    tenant: str
    sid: str
    """The session; the token is good only as long as that is."""
    sv: int
    """The user's session version when it was issued: counted up, it ends every session."""
    iat: int
    exp: int
    nbf: int = 0
    """Not good before; we have no use for it, and honour it."""
    jti: str = field(default_factory=lambda: secrets.token_urlsafe(16))


class SigningKey:
    """One of our Ed25519 keys, with its private part. `kid` is its thumbprint (RFC 7638): no two keys share one."""

    def __init__(self, pem: bytes) -> None:
        self._key = OKPKey.import_key(pem)  # from PEM only: a JWK may name a public half that is not its own
        self.kid = self._key.thumbprint()

    @classmethod
    def new(cls) -> Self:
        """A new key."""
        return cls(OKPKey.generate_key("Ed25519").as_pem(private=True))

    @classmethod
    def load(cls, text: str) -> Self:
        """The key again, from what `private` gave or from PEM. Raises Permanent if it is no private Ed25519 key."""
        try:
            key = OKPKey.import_key(json.loads(text) if text.lstrip().startswith("{") else text)
            if key.curve_name == _CURVE and key.is_private:
                return cls(key.as_pem(private=True))
        except (JoseError, ValueError, TypeError, KeyError):
            pass  # what the error says may hold the key
        raise Permanent("a signing key cannot be read; expected a private Ed25519 key as JWK or PEM")

    @property
    def private(self) -> str:
        """The whole key as JWK text; to be stored sealed, and shown to nobody."""
        return json.dumps(self._key.as_dict(private=True))

    @property
    def public(self) -> dict[str, str]:
        """The public half as JWK, as others may have it."""
        x = str(self._key["x"])
        return {"kty": "OKP", "crv": _CURVE, "x": x, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    def sign(self, payload: bytes) -> str:
        """The payload as a compact JWS."""
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self.kid}
        return serialize_compact(header, payload, self._key, registry=_REGISTRY)

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"


Keyring = Mapping[str, OKPKey]
"""Public keys by `kid`: those whose tokens are accepted."""


def keyring(publics: Iterable[Mapping[str, Any]]) -> Keyring:
    """Our public keys, ready to verify with. Raises Permanent unless each is what `SigningKey.public` gives, once."""
    found: dict[str, OKPKey] = {}
    for public in publics:
        kid = public.get("kid")
        expected = {"kty": "OKP", "crv": _CURVE, "x": public.get("x"), "kid": kid, "alg": ALGORITHM, "use": "sig"}
        try:
            key = OKPKey.import_key(dict(public)) if dict(public) == expected else None
        except (JoseError, ValueError):
            key = None
        if key is None or key.thumbprint() != kid or kid in found:
            raise Permanent(
                f"public key {str(kid)[:80]!r} cannot be used; expected an Ed25519 key under its thumbprint"
            )
        found[kid] = key
    return found


def jwks(publics: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The JWK set that others verify our tokens with; of each key its public members only, whatever else it has."""
    return {"keys": [{name: public[name] for name in _PUBLIC} for public in publics]}


def issue(key: SigningKey, claims: Claims) -> str:
    """A token. It is a mistake of ours, hence a ValueError, to ask for a life beyond ten minutes."""
    if not 0 < claims.exp - claims.iat <= LONGEST_LIFE:
        raise ValueError(f"an access token lives 1 to {LONGEST_LIFE} seconds, not {claims.exp - claims.iat}")
    said = {name: value for name, value in asdict(claims).items() if name != "nbf" or value}
    return key.sign(json.dumps(said, separators=(",", ":")).encode())


def verify(token: str, keys: Keyring, *, audience: str, issuer: str, now: float) -> Claims:
    """What the token says, if it is one of ours, for this audience and good at `now` (seconds since 1970).

    Raises InvalidToken. Whether its session still stands, only the store can tell.
    """
    claims = _claims(signed_payload(token, keys))
    if claims.iss != issuer:
        raise InvalidToken("issuer")
    if claims.aud != audience:
        raise InvalidToken("audience")
    if not 0 < claims.exp - claims.iat <= LONGEST_LIFE:
        raise InvalidToken("lifetime")
    if now >= claims.exp + LEEWAY:
        raise InvalidToken("expired")
    if now < max(claims.iat, claims.nbf) - LEEWAY:
        raise InvalidToken("future")
    return claims


def signed_payload(token: str, keys: Keyring) -> bytes:
    """What one of the keys has signed; InvalidToken if none has. What it says is not looked at."""
    if len(token) > LARGEST or not _FORM.fullmatch(token):
        raise InvalidToken("form")
    header = _object(_decoded(token.partition(".")[0]), "header")
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != ALGORITHM:
        raise InvalidToken("header")
    if header["typ"] != TYPE:
        raise InvalidToken("type")
    key = keys.get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise InvalidToken("key")
    try:
        return deserialize_compact(token, key, registry=_REGISTRY).payload
    except (JoseError, ValueError):
        raise InvalidToken("signature") from None


def _claims(payload: bytes) -> Claims:
    """The claims, each of its type. Others are passed over: a later version of the product may add some."""
    said = {"nbf": 0} | _object(payload, "claims")
    if any(type(said.get(name)) is not kind for name, kind in _TYPES.items()):  # `type`: True is no number here
        raise InvalidToken("claims")
    return Claims(**{name: said[name] for name in _TYPES})


def _object(text: bytes, cause: str) -> dict[str, Any]:
    """A JSON object in which no name stands twice: of two readers one would take the first and one the last."""
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidToken(cause) from None
    if not isinstance(found, dict):
        raise InvalidToken(cause)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part.encode())
    except ValueError:
        raise InvalidToken("form") from None


class _OurAlgorithm(JWSRegistry):
    """Knows one algorithm.

    RFC 9864 deprecates the name EdDSA because it leaves the curve open. Ours is not: no key of another one is let in.
    """

    max_header_length = 256
    max_payload_length = LARGEST

    def get_alg(self, name: str) -> Any:  # noqa: ANN401  joserfc does not export the type
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(f"expected {ALGORITHM}")
        return self.algorithms[name]


_REGISTRY = _OurAlgorithm()
_TYPES = {name: int if name in {"sv", "iat", "exp", "nbf"} else str for name in Claims.__dataclass_fields__}
