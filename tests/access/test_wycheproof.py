"""Wycheproof's vectors for JWS and JWK, judged by the path that access tokens take.

None of them is signed with EdDSA, so not one may pass as it stands: 401 signatures and 26 key sets, of which Wycheproof
calls 46 and 5 valid, all for algorithms that are not ours. What they show of form, encoding and header is therefore
shown a second time, written anew for a key of ours and signed with it: then the good ones pass and the bad ones do not.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import import_key

from commerce.errors import Permanent
from meschain.access.tokens import TYPE, InvalidToken, SigningKey, keyring, signed_payload
from tests.access.forging import raw_key

OURS = SigningKey.new()
RING = keyring([OURS.public])
WRITTEN_ANEW = {"base64", "es256", "hs256", "rs256"}
COPIES = {367, 370}
"""Called invalid, but sign for sign what 357 is, which is called valid."""
STRICTER = {372, 373}
"""Called valid with a sign inside that is not of the alphabet of Base64; RFC 7515 allows none, and neither do we."""

Vector = Mapping[str, Any]


def vectors(folder: Path, name: str) -> list[tuple[Vector, Vector]]:
    """Each group with each of its vectors."""
    document = json.loads((folder / "conformance/wycheproof" / name).read_text(encoding="utf-8"))
    found = [(group, vector) for group in document["testGroups"] for vector in group["tests"]]
    assert len(found) == document["numberOfTests"]
    return found


def keys_of(group: Vector) -> list[dict[str, Any]]:
    found = group.get("public") or group["private"]
    return list(found.get("keys", [found]))


def accepted(token: str, ring: Mapping[str, Any] = RING) -> bool:
    try:
        signed_payload(token, ring)
    except InvalidToken:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("json_web_signature_test.json", {"valid": 46, "invalid": 355}),
        ("json_web_key_test.json", {"valid": 5, "invalid": 21}),
    ],
)
def test_none_is_signed_with_our_algorithm_so_none_passes(shared_data, name, expected):
    found = vectors(shared_data, name)
    assert Counter(vector["result"] for _, vector in found) == expected
    assert "EdDSA" not in {_header(vector["jws"]).get("alg") for _, vector in found}
    assert [vector["tcId"] for group, vector in found if accepted(vector["jws"], _whatever_imports(group))] == []


@pytest.mark.parametrize("name", ["json_web_signature_test.json", "json_web_key_test.json"])
def test_no_key_of_theirs_comes_into_a_keyring(shared_data, name):
    for group, _ in vectors(shared_data, name):
        for key in keys_of(group):
            with pytest.raises(Permanent, match="expected an Ed25519 key"):
                keyring([key])


def test_key_sets_written_anew_for_our_kind_of_key(shared_data):
    """A name used twice, a wrong use, algorithm, curve or type, a point that is none, a private key."""
    wrong = {
        "jws_mixedSymmetryKeyset": [OURS.public, {"kty": "oct", "k": "AAAA", "kid": OURS.kid}],
        "jws_duplicate_kid": [OURS.public, OURS.public],
        "rs256": [OURS.public | {"use": "enc"}],
        "invalid_use": [OURS.public | {"use": "enc"}],
        "wrong_algorithm": [OURS.public | {"alg": "ES256"}],
        "invalid_algorithm": [OURS.public | {"alg": "Ed448"}],
        "invalid_point": [OURS.public | {"x": OURS.public["x"][:-4] + "AAAA"}],
        "wrong_curve": [OURS.public | {"crv": "X25519"}],
        "wrong_kty": [OURS.public | {"kty": "EC"}],
        "HS256": [OURS.public | {"x": ""}],
        "keysize_too_small": [OURS.public | {"x": "AAAA"}],
        "private": [OURS.public | {"d": json.loads(OURS.private)["d"]}],
    }
    comments = {group["comment"] for group, _ in vectors(shared_data, "json_web_key_test.json")}
    assert comments >= wrong.keys() - {"private"}
    for keys in wrong.values():
        with pytest.raises(Permanent, match="expected an Ed25519 key"):
            keyring(keys)
    assert keyring([OURS.public, SigningKey.new().public]).keys() > RING.keys()


def test_form_encoding_and_header_written_anew_for_our_key(shared_data):
    found = [
        pair for pair in vectors(shared_data, "json_web_signature_test.json") if pair[0]["comment"] in WRITTEN_ANEW
    ]
    judged = {vector["tcId"]: accepted(_anew(group, vector)) for group, vector in found}
    expected = {vector["tcId"]: vector["result"] == "valid" for _, vector in found}
    by_id = {vector["tcId"]: vector["jws"] for _, vector in found}
    assert {by_id[each] for each in COPIES} == {by_id[357]}
    expected |= dict.fromkeys(COPIES, True) | dict.fromkeys(STRICTER, False)
    assert {each for each in judged if judged[each] != expected[each]} == set()
    assert sum(judged.values()) == 15


def _whatever_imports(group: Vector) -> dict[str, Any]:
    """Their keys under their names, as if somebody had let them in: the algorithm alone has to refuse then."""
    found: dict[str, Any] = {}
    for key in keys_of(group):
        with (
            contextlib.suppress(JoseError, ValueError),
            warnings.catch_warnings(action="ignore", category=SecurityWarning),
        ):
            found[key.get("kid", "")] = import_key({name: value for name, value in key.items() if name != "alg"})
    return found


def _anew(group: Vector, vector: Vector) -> str:
    """The vector as it would be had it been made for our key: same form, same fault, our header and signature."""
    good = _good(group, vector)
    if vector["jws"].startswith("{"):
        header, _, signature = _ours(group, *good[:2])
        return vector["jws"].replace(good[0], header).replace(good[2], signature)
    parts = vector["jws"].split(".")
    if len(parts) != len(good):
        known = dict(zip(good, _ours(group, *good[:2]), strict=True)) | {"": ""}
        return ".".join(known.get(part, part) for part in parts)
    header, payload, signature = parts
    anew, _, _ = _ours(group, header, payload)
    if not header or (signature and _is_signed(group, vector["jws"])):
        return ".".join((anew, payload, _signature(anew, payload)))
    changed = _edited(good[2], signature, _ours(group, *good[:2])[2])
    return f"{anew}.{payload}.{changed}"


def _good(group: Vector, vector: Vector) -> list[str]:
    """The parts of a valid vector, of the same payload if there is one."""
    found = [each["jws"].split(".") for each in group["tests"] if each["result"] == "valid"]
    return next((parts for parts in found if f".{parts[1]}." in vector["jws"]), found[0])


def _ours(group: Vector, header: str, payload: str) -> tuple[str, str, str]:
    """Header and signature for a payload, whatever was done to the text of either."""
    text = next((header[:end] for end in range(len(header), 0, -1) if _is_json(header[:end])), "")
    if not text:  # it cannot be read: what was done to it is done to ours
        good = next(each["jws"].split(".")[0] for each in group["tests"] if each["result"] == "valid")
        anew = _edited(good, header, _ours(group, good, payload)[0]) if header else ""
        return anew, payload, _signature(anew, payload)
    key = keys_of(group)[0]
    said = _read(text).replace(f'"{key["alg"]}"', '"EdDSA"').replace(f'"{key["kid"]}"', f'"{OURS.kid}"')
    anew = _write(said.replace("{", f'{{"typ":"{TYPE}",', 1)) + header[len(text) :]
    return anew, payload, _signature(anew, payload)


def _signature(header: str, payload: str) -> str:
    return _encode(raw_key(OURS).sign(f"{header}.{payload}".encode()))


def _is_signed(group: Vector, token: str) -> bool:
    """Whether the vector's own signature is right for its text, so that only the text is at fault."""
    key = keys_of(group)[0]
    if key["kty"] != "oct":
        return False
    text, _, signature = token.rpartition(".")
    secret = base64.urlsafe_b64decode(key["k"] + "==")
    return hmac.compare_digest(_encode(hmac.digest(secret, text.encode(), hashlib.sha256)), signature)


def _edited(before: str, after: str, ours: str) -> str:
    """Ours, changed as `before` was changed into `after`."""
    start = next(
        (at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    left = before[start:], after[start:]
    same = next(
        (at for at, (a, b) in enumerate(zip(left[0][::-1], left[1][::-1], strict=False)) if a != b), min(map(len, left))
    )
    gone, new = len(left[0]) - same, left[1][: len(left[1]) - same]
    at = start if start < len(before) / 2 else len(ours) - (len(before) - start)
    return ours[:at] + new + ours[at + gone :]


def _header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    return json.loads(_read(part)) if _is_json(part) else {}


def _is_json(part: str) -> bool:
    try:
        return isinstance(json.loads(_read(part)), dict)
    except ValueError:
        return False


def _read(part: str) -> str:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True).decode()


def _write(text: str) -> str:
    return _encode(text.encode())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
