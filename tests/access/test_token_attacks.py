"""Of everything that others try with access tokens nothing is accepted, and nobody learns why."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from meschain.access.rules import Unauthenticated
from meschain.access.tokens import LARGEST, InvalidToken, issue, signed_payload
from tests.access.forging import CLAIMS, HEADER, KEY, NEXT, NOW, RING, SAID, THEIRS, cause, encoded, forged, read


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
    begun = time.process_time()
    assert cause(token) == "form"
    assert time.process_time() - begun < 0.1


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


def test_a_signed_text_that_is_no_token_is_refused_for_what_it_says():
    token = KEY.sign(b"not even JSON")
    assert signed_payload(token, RING) == b"not even JSON"
    assert cause(token) == "claims"
