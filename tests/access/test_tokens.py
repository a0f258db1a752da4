"""Access tokens: what we issue is accepted as long as it is good, and keys change without anybody noticing."""

import base64
import copy
import json
import pickle
from dataclasses import replace

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from commerce.errors import Permanent
from meschain.access.tokens import LEEWAY, LONGEST_LIFE, Claims, InvalidToken, SigningKey, issue, jwks, keyring, verify
from tests.access.forging import AUDIENCE, CLAIMS, HEADER, ISSUER, KEY, NEXT, NOW, SAID, cause, forged, raw_key, read

RFC_8037 = {"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
"""The key of RFC 8037, appendix A."""


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


@pytest.mark.parametrize(
    "keys",
    [
        [KEY.public, KEY.public],
        [KEY.public | {"kid": NEXT.kid}],
        [KEY.public | {"kid": "of-our-choosing"}],
        [KEY.public | {"kid": None}],
        [KEY.public | {"use": "enc"}],
        [KEY.public | {"alg": "Ed25519"}],
        [KEY.public | {"key_ops": ["verify"]}],
        [KEY.public | {"d": "AAAA"}],
        [{name: value for name, value in KEY.public.items() if name != "use"}],
        [{}],
        [SigningKey.load(KEY.private).public | {"x": "AAAA"}],
    ],
)
def test_a_keyring_holds_our_public_keys_once(keys):
    with pytest.raises(Permanent, match="expected an Ed25519 key under its thumbprint"):
        keyring(keys)
