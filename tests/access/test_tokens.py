"""Access tokens: ours are accepted while they are good; of everything that others try, nothing is."""

import base64
import copy
import hashlib
import hmac
import json
import pickle
import time
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from commerce.errors import Permanent
from meschain.access.rules import Unauthenticated
from meschain.access.tokens import (
    LARGEST,
    LEEWAY,
    LONGEST_LIFE,
    Claims,
    InvalidToken,
    SigningKey,
    issue,
    jwks,
    keyring,
    signed_payload,
    verify,
)

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
RFC_8037 = {"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
"""The key of RFC 8037, appendix A."""


def read(token: str, **other: Any) -> Claims:
    return verify(token, RING, **{"audience": AUDIENCE, "issuer": ISSUER, "now": NOW, **other})


def cause(token: str, **other: Any) -> str:
    with pytest.raises(InvalidToken) as refused:
        read(token, **other)
    return refused.value.cause


def encoded(value: object) -> str:
    raw = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw_key(key: SigningKey) -> Ed25519PrivateKey:
    return load_pem_private_key(OKPKey.import_key(json.loads(key.private)).as_pem(private=True), None)


def forged(header: object = None, claims: object = None, key: SigningKey = KEY) -> str:
    """A token rightly signed with our key, whatever stands in it: dicts, JSON text or bytes."""
    text = f"{encoded(HEADER if header is None else header)}.{encoded(SAID if claims is None else claims)}"
    return f"{text}.{encoded(raw_key(key).sign(text.encode()))}"


HEADER = {"alg": "EdDSA", "typ": "at+jwt", "kid": KEY.kid}
SAID = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "tenant": "tenant-1", "sid": "session-1", "sv": 3, "iat": NOW,
    "exp": NOW + 600, "jti": "j",
}  # fmt: skip


def test_what_we_issue_we_accept():
    token = issue(KEY, CLAIMS)
    assert read(token) == CLAIMS
    assert len(token) < 600
    header, payload, _ = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == HEADER
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == SAID
    assert read(forged()) == CLAIMS, "what the other tests forge is accepted as long as nothing is wrong with it"


def test_each_token_has_an_id_of_its_own():
    said = {name: getattr(CLAIMS, name) for name in ("iss", "aud", "sub", "tenant", "sid", "sv", "iat", "exp")}
    assert len({Claims(**said).jti for _ in range(100)}) == 100


def test_another_implementation_reads_and_verifies_it():
    token = issue(KEY, CLAIMS).encode()
    found = jws.extract_compact(token)
    assert (found.headers(), json.loads(found.payload)) == (HEADER, SAID)
    text, _, signature = token.rpartition(b".")
    raw_key(KEY).public_key().verify(base64.urlsafe_b64decode(signature + b"=="), text)


@pytest.mark.parametrize("life", [0, -1, LONGEST_LIFE + 1, 86_400])
def test_none_lives_longer_than_ten_minutes(life):
    with pytest.raises(ValueError, match="lives 1 to 600 seconds"):
        issue(KEY, replace(CLAIMS, exp=NOW + life))
    assert cause(forged(claims=SAID | {"exp": NOW + life})) == "lifetime"


@pytest.mark.parametrize(
    ("late", "found"),
    [
        (-LEEWAY - 1, "future"),
        (-LEEWAY, None),
        (0, None),
        (599, None),
        (600 + LEEWAY - 0.001, None),
        (600 + LEEWAY, "expired"),
        (10**9, "expired"),
    ],
)
def test_it_is_good_for_its_time(late, found):
    assert LEEWAY <= 30
    token = issue(KEY, CLAIMS)
    assert (cause(token, now=NOW + late) if found else read(token, now=NOW + late)) == (found or CLAIMS)


def test_not_before_is_honoured():
    token = issue(KEY, replace(CLAIMS, nbf=NOW + 300))
    assert cause(token) == "future"
    assert read(token, now=NOW + 300 - LEEWAY).nbf == NOW + 300


def test_another_audience_or_issuer_is_refused():
    for wrong in ("", "meschain", AUDIENCE + "/", AUDIENCE.upper(), f" {AUDIENCE}"):
        assert cause(issue(KEY, replace(CLAIMS, aud=wrong))) == "audience"
        assert cause(issue(KEY, CLAIMS), audience=wrong) == "audience"
    for wrong in ("", "https://evil.example.com", ISSUER + "/", ISSUER.replace("https", "http")):
        assert cause(issue(KEY, replace(CLAIMS, iss=wrong))) == "issuer"


@pytest.mark.parametrize("audience", [[AUDIENCE], [AUDIENCE, "other"], {}, None, 5, {AUDIENCE: 1}])
def test_an_audience_is_one_text(audience):
    assert cause(forged(claims=SAID | {"aud": audience})) == "claims"


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("value", [None, True, [], {}, 1.5, "", 7, str(NOW), float(NOW)], ids=repr)
def test_claims_have_their_types(name, value):
    if type(value) is type(SAID[name]):
        return
    assert cause(forged(claims=SAID | {name: value})) == "claims"


@pytest.mark.parametrize("name", SAID)
def test_no_claim_may_be_missing(name):
    assert cause(forged(claims={each: value for each, value in SAID.items() if each != name})) == "claims"


def test_claims_of_a_later_version_are_passed_over():
    assert read(forged(claims=SAID | {"acr": "mfa", "amr": ["pwd", "otp"]})) == CLAIMS


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b"[" * 1200,
        json.dumps(SAID).replace("}", ', "sv": 4}').encode(),
        json.dumps(SAID).replace("{", '{"aud": "other", ', 1).encode(),
        json.dumps(SAID).replace("{", '{"a": {"b": 1, "b": 2}, ', 1).encode(),
        json.dumps(SAID | {"sv": float("nan")}).encode(),
        json.dumps(SAID | {"exp": float("inf")}).encode(),
        json.dumps(SAID).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(SAID).encode(),
        json.dumps(SAID).encode() + b" x",
        json.dumps(SAID).replace(str(NOW + 600), "9" * 900).encode(),
    ],
)
def test_claims_are_one_json_object_that_is_read_in_one_way(text):
    assert cause(forged(claims=text)) in {"claims", "lifetime"}


HMAC_KEYS = {
    "raw": base64.urlsafe_b64decode(KEY.public["x"] + "="),
    "text": KEY.public["x"].encode(),
    "jwk": json.dumps(KEY.public).encode(),
    "pem": OKPKey.import_key(KEY.public).as_pem(private=False),
    "der": OKPKey.import_key(KEY.public).as_der(private=False),
    "kid": KEY.kid.encode(),
    "empty": b"",
}


@pytest.mark.parametrize("name", HMAC_KEYS)
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_our_public_key_is_no_shared_secret(name, alg):
    text = f"{encoded(HEADER | {'alg': alg})}.{encoded(SAID)}"
    digest = hmac.digest(HMAC_KEYS[name], text.encode(), getattr(hashlib, f"sha{alg[2:]}"))
    assert cause(f"{text}.{encoded(digest)}") in {"form", "header"}
    padded = digest + bytes(64 - len(digest))
    assert cause(f"{text}.{encoded(padded)}") == "header", "even with a signature as long as ours"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["EdDSA"], "eddsa", "EdDSA ", "Ed25519", "ES256"]
)
def test_no_other_algorithm(alg):
    assert cause(forged(HEADER | {"alg": alg})) == "header"
    unsigned = f"{encoded(HEADER | {'alg': alg})}.{encoded(SAID)}."
    assert cause(unsigned) == "form"
    assert cause(unsigned + "A" * 86) == "header"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "file:///dev/null",
        "https://evil.example.com/jwks.json",
        "x' UNION SELECT 'key' -- ",
        "'; DROP TABLE access_signing_keys; --",
        "",
        " ",
        "\0",
        KEY.kid + "\0",
        KEY.kid + " ",
        KEY.kid.swapcase(),
        "null",
        None,
        0,
        True,
        [],
        [KEY.kid],
        {},
        {"$ne": ""},
        "__class__",
        "ü",
        "\ud800",
    ],
    ids=repr,
)
def test_a_kid_is_one_of_ours_and_nothing_else(kid):
    assert cause(forged(HEADER | {"kid": kid})) == "key"


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": THEIRS.public},
        {"jku": "https://evil.example.com/jwks.json"},
        {"x5u": "https://evil.example.com/cert.pem"},
        {"x5c": ["MIIB"]},
        {"x5t": "AAAA"},
        {"x5t#S256": "AAAA"},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"enc": "A256GCM"},
        {"p2c": 10**9},
        {"anything": 1},
    ],
    ids=lambda more: next(iter(more)),
)
def test_nothing_else_stands_in_a_header(more):
    assert cause(forged(HEADER | more)) == "header"
    assert cause(forged(HEADER | more, key=THEIRS)) == "header"
    assert cause(forged(HEADER | {"kid": THEIRS.kid} | more, key=THEIRS)) == "header"


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_nothing_may_be_missing_in_it(name):
    assert cause(forged({each: value for each, value in HEADER.items() if each != name})) == "header"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "AT+JWT", "application/at+jwt", "logout+jwt", "", None, 1, ["at+jwt"]])
def test_a_token_for_something_else_is_no_access_token(typ):
    assert cause(forged(HEADER | {"typ": typ})) == "type"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(HEADER).replace("}", ', "alg": "none"}'),
        json.dumps(HEADER).replace("{", '{"alg": "HS256", ', 1),
        json.dumps(HEADER).replace("{", f'{{"kid": "{THEIRS.kid}", ', 1),
        "[]",
        "null",
        '"EdDSA"',
        "{}",
        "{" * 100,
        "[" * 1000,
        "\ufeff" + json.dumps(HEADER),
        b"\xff",
    ],
)
def test_a_header_is_one_json_object_that_is_read_in_one_way(text):
    assert cause(forged(text)) == "header"


def test_a_signature_of_another_key_is_refused():
    assert cause(forged(HEADER, key=THEIRS)) == "signature"
    assert cause(forged(HEADER | {"kid": NEXT.kid})) == "signature", "ours, but not the one that is named"
    assert cause(forged(HEADER | {"kid": THEIRS.kid}, key=THEIRS)) == "key"


def test_no_part_can_be_taken_from_another_token():
    one = issue(KEY, CLAIMS).split(".")
    other = issue(KEY, replace(CLAIMS, sub="somebody else")).split(".")
    assert cause(".".join((one[0], other[1], one[2]))) == "signature"
    assert cause(".".join((one[0], one[1], other[2]))) == "signature"


def test_every_changed_sign_is_noticed():
    """Also in the last sign of a part, some of whose bits mean nothing: a token is written in one way only."""
    token = issue(KEY, CLAIMS)
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    ends = [at - 1 for at in range(len(token)) if token[at] == "."] + [len(token) - 1]
    for at in [*range(0, len(token), 5), *ends]:
        for sign in signs if at in ends else "Az9-_=.":
            wrong = token[:at] + sign + token[at + 1 :]
            assert wrong == token or cause(wrong)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer x",
        "x" * LARGEST,
        "x" * (LARGEST + 1),
        "x" * 10_000_000,
        "." * 10_000,
        "\0",
        "ü.ü.ü",
        '{"payload":"","signatures":[]}',
    ],
    ids=lambda token: token[:20],
)
def test_other_texts_are_no_tokens(token):
    begun = time.perf_counter()
    assert cause(token) == "form"
    assert time.perf_counter() - begun < 0.1


def test_a_token_has_its_form_and_no_other():
    token = issue(KEY, CLAIMS)
    for wrong in (
        f" {token}",
        f"{token} ",
        f"{token}\n",
        f"{token}=",
        f"{token}.",
        f".{token}",
        f"{token}.{token}",
        token + "A",
    ):
        assert cause(wrong) == "form"
    header, payload, signature = token.split(".")
    for wrong in (f"{header}=.{payload}.{signature}", f"{header}.{payload}.{signature}==", f"{header}.{payload}",
                  f"{header}.{signature}", f"{header}.{payload}.", token.replace("-", "+", 1) + "+"):  # fmt: skip
        assert cause(wrong) == "form"


def test_oversized_tokens_are_not_even_read():
    assert cause(forged(claims=SAID | {"more": "x" * LARGEST})) == "form"
    assert cause(forged(HEADER | {"kid": "x" * 1000})) == "key"


@given(
    st.text(max_size=200)
    | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{86}", fullmatch=True)
)
def test_any_text_is_refused_and_told_the_same(token):
    with pytest.raises(InvalidToken, match=r"^the access token is not valid$"):
        read(token)


@given(
    st.dictionaries(
        st.sampled_from([*HEADER, "crit", "jwk"]),
        st.none() | st.integers() | st.text() | st.sampled_from([*HEADER.values()]),
    )
)
def test_any_header_but_ours_is_refused(header):
    token = forged(header)
    if header == HEADER:
        assert read(token) == CLAIMS
    else:
        assert cause(token)


def test_what_is_told_helps_no_attacker():
    told = {}
    for token in (issue(KEY, replace(CLAIMS, aud="x")), forged(key=THEIRS), forged(HEADER | {"kid": "x"}), "x"):
        with pytest.raises(Unauthenticated) as refused:
            read(token)
        told[refused.value.cause] = str(refused.value)
    assert told.keys() == {"audience", "signature", "key", "form"}
    assert set(told.values()) == {"the access token is not valid"}
    with pytest.raises(InvalidToken, match="has expired; get a new one"):
        read(issue(KEY, CLAIMS), now=NOW + 10_000)


def test_the_cause_survives_another_process():
    error = pickle.loads(pickle.dumps(InvalidToken("key")))  # noqa: S301  our own
    assert (error.cause, str(error)) == ("key", "the access token is not valid")
    assert copy.copy(error).cause == "key"


def test_keys_change_without_anybody_noticing():
    before, after = issue(KEY, CLAIMS), issue(NEXT, CLAIMS)
    assert read(before) == read(after) == CLAIMS
    retired = keyring([NEXT.public])
    assert verify(after, retired, audience=AUDIENCE, issuer=ISSUER, now=NOW) == CLAIMS
    with pytest.raises(InvalidToken):
        verify(before, retired, audience=AUDIENCE, issuer=ISSUER, now=NOW)
    with pytest.raises(InvalidToken):
        verify(before, {}, audience=AUDIENCE, issuer=ISSUER, now=NOW)


def test_a_key_is_stored_and_read_again():
    again = SigningKey.load(KEY.private)
    assert (again.kid, again.public) == (KEY.kid, KEY.public)
    assert SigningKey.load(OKPKey.import_key(json.loads(KEY.private)).as_pem(private=True).decode()).kid == KEY.kid
    assert read(issue(again, CLAIMS)) == CLAIMS
    secret = json.loads(KEY.private)["d"]
    assert secret not in repr(KEY) + str(KEY) + json.dumps(KEY.public)


def test_a_kid_is_the_thumbprint_of_the_rfc():
    """RFC 8037, appendix A.3; and the public half follows from the private one, whatever the JWK says it is."""
    assert (
        SigningKey.load(json.dumps(RFC_8037 | {"x": KEY.public["x"]})).kid
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


NO_SIGNING_KEYS = {
    "nothing": "",
    "empty": "{}",
    "no JSON": "{",
    "no object": "[]",
    "no PEM": "no key",
    "public JWK": json.dumps(KEY.public),
    "public PEM": OKPKey.generate_key("Ed25519").as_pem(private=False).decode(),
    "half a JWK": json.dumps(RFC_8037),
    "secret": json.dumps({"kty": "oct", "k": "AAAA"}),
    "P-256": json.dumps(RFC_8037 | {"crv": "P-256", "x": "AAAA"}),
    "Ed448 PEM": OKPKey.generate_key("Ed448").as_pem(private=True).decode(),
    "Ed448 JWK": json.dumps(OKPKey.generate_key("Ed448").as_dict(private=True)),
    "X25519": OKPKey.generate_key("X25519").as_pem(private=True).decode(),
}


@pytest.mark.parametrize("name", NO_SIGNING_KEYS)
def test_other_keys_do_not_sign(name):
    with pytest.raises(Permanent, match="expected a private Ed25519 key") as refused:
        SigningKey.load(NO_SIGNING_KEYS[name])
    assert RFC_8037["d"] not in f"{refused.value!r}{refused.value.__cause__!r}"


def test_a_new_key_is_a_new_one():
    assert len({SigningKey.new().kid for _ in range(10)}) == 10


def test_what_others_verify_with():
    assert jwks([KEY.public, NEXT.public]) == {"keys": [KEY.public, NEXT.public]}
    assert jwks([json.loads(KEY.private) | KEY.public]) == {"keys": [KEY.public]}, "no private part, whatever comes in"
    assert KEY.public.keys() == {"kty", "crv", "x", "kid", "alg", "use"}
    assert jwks([]) == {"keys": []}


def test_a_signed_text_that_is_no_token_is_refused_for_what_it_says():
    token = KEY.sign(b"not even JSON")
    assert signed_payload(token, RING) == b"not even JSON"
    assert cause(token) == "claims"
