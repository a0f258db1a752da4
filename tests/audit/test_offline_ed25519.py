"""The offline verifier's own Ed25519: RFC 8032's vectors, and one judgement with the library that signs."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from meschain.audit import offline

ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19
# RFC 8032 §7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
]
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]


def judged(public, message, signature):
    try:
        return offline._is_signature(public, message, signature)
    except offline.Wrong:
        return False


def judged_by_the_library(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_the_rfc(vector):
    public, message, signature = map(bytes.fromhex, vector)
    assert judged(public, message, signature)
    assert not judged(public, message + b"\0", signature)
    for bit in range(0, 512, 7):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not judged(public, message, bytes(changed))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.integers(0, 255))
def test_it_judges_as_the_library_does(seed, message, of_signature, of_key):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert judged(public, message, signature)
    changed, key = bytearray(signature), bytearray(public)
    changed[of_signature // 8] ^= 1 << of_signature % 8
    key[of_key // 8] ^= 1 << of_key % 8
    for case in ((public, message, bytes(changed)), (bytes(key), message, signature), (public, message[1:], signature)):
        assert judged(*case) == judged_by_the_library(*case)
        assert not judged(*case) or case[1] == message  # an empty message has no shorter one
    for case in (signature[:63], signature + b"\0", b""):
        assert not judged(public, message, case)


@given(st.binary(min_size=32, max_size=32))
def test_a_signature_has_one_form(seed):
    """S and s + L verify alike unless s is held below L (RFC 8032 §5.1.7)."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    signature = private.sign(b"message")
    again = int.from_bytes(signature[32:], "little") + ORDER
    malleable = signature[:32] + again.to_bytes(32, "little")
    assert not judged(private.public_key().public_bytes_raw(), b"message", malleable)


@given(st.sampled_from(SMALL_ORDER), st.sampled_from(SMALL_ORDER), st.integers(0, ORDER - 1), st.binary(max_size=8))
@example(SMALL_ORDER[0], SMALL_ORDER[0], 0, b"")
def test_keys_of_small_order_are_judged_as_the_library_does(public, point, scalar, message):
    case = (bytes.fromhex(public), message, bytes.fromhex(point) + scalar.to_bytes(32, "little"))
    assert judged(*case) == judged_by_the_library(*case)


@pytest.mark.parametrize("y", [FIELD, FIELD + 1, 2**255 - 1, 2, FIELD - 1 | 1 << 255, 1 | 1 << 255])
def test_what_is_no_point_is_no_key(y):
    """Beyond the field, off the curve, or with the sign of an x that is zero."""
    with pytest.raises(offline.Wrong, match="none of Ed25519"):
        offline._point(y.to_bytes(32, "little"))
