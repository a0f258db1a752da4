"""Secrets look as a scanner expects, are told from mistyped ones without a store, and are kept as hashes only."""

import hashlib
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meschain.access.rules import Unauthenticated
from meschain.access.secrets import (
    SCANNABLE,
    Mistyped,
    hash_secret,
    is_ours,
    new_api_key,
    new_link_token,
    new_refresh_token,
    parse_secret,
    same_hash,
)

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
MAKERS = {"key": new_api_key, "link": new_link_token, "refresh": new_refresh_token}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_made_is_parsed(kind):
    made = MAKERS[kind]()
    assert parse_secret(made.text, kind) == made
    assert made.hash == hash_secret(made.text) == hashlib.sha256(made.text.encode()).hexdigest()
    assert (made.kind, bool(made.id)) == (kind, kind == "key")
    assert made.text not in repr(made), "a log of it gives nothing away"


def test_an_api_key_shows_its_id():
    made = new_api_key()
    assert re.fullmatch(r"[0-9A-Za-z]{12}", made.id)
    assert made.text.startswith(f"meschain_key_{made.id}_")


@pytest.mark.parametrize("kind", MAKERS)
def test_scanners_find_it_in_any_text(kind):
    made = MAKERS[kind]().text
    for text in (made, f"KEY={made}\n", f'"{made}",', f"https://example.com/#{made}&x", f"({made})"):
        assert re.findall(SCANNABLE, text) == [made]
    assert is_ours(made)
    assert not is_ours(made[:-1] + ("0" if made[-1] != "0" else "1"))
    assert not re.findall(SCANNABLE, f"x{made}"), "part of a longer word"
    assert not re.findall(SCANNABLE, made + "0")


def test_no_two_are_the_same_and_all_signs_are_used():
    made = [maker() for maker in MAKERS.values() for _ in range(200)]
    assert len({each.text for each in made}) == len({each.hash for each in made}) == 600
    assert {sign for each in made for sign in each.text.rpartition("_")[2]} == set(BASE62)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_single_mistake_is_noticed(kind):
    """Any one character changed, lost, doubled, or swapped with its neighbour: CRC-32 misses none of these."""
    made = MAKERS[kind]().text
    for at in range(len(made)):
        wrong = {made[:at] + sign + made[at + 1 :] for sign in BASE62 + "_ -é"}
        wrong |= {made[:at] + made[at + 1 :], made[:at] + made[at] + made[at:]}
        wrong.add(made[:at] + made[at : at + 2][::-1] + made[at + 2 :])
        for text in wrong - {made}:
            with pytest.raises(Mistyped):
                parse_secret(text, kind)


@given(st.text(max_size=120), st.sampled_from(["key", "link", "refresh"]))
def test_other_texts_are_no_secrets(text, kind):
    with pytest.raises(Mistyped):
        parse_secret(text, kind)
    assert not is_ours(text)


def test_a_secret_of_another_kind_will_not_do():
    for kind in MAKERS:
        for other in MAKERS.keys() - {kind}:
            with pytest.raises(Mistyped, match=rf"expected one that begins with meschain_{kind}_"):
                parse_secret(MAKERS[other]().text, kind)


def test_a_mistake_is_told_and_nothing_of_the_secret():
    made = new_api_key().text
    with pytest.raises(Unauthenticated) as refused:
        parse_secret(made[:-1] + "-", "key")
    assert str(refused.value) == "this is no API key of ours; expected one that begins with meschain_key_, whole"
    with pytest.raises(Unauthenticated) as refused:
        parse_secret(made[:30] + ("1" if made[30] == "0" else "0") + made[31:], "key")
    assert str(refused.value) == "this API key is mistyped or cut; copy it whole from where you keep it"


def test_the_checksum_is_crc32_in_base_62():
    """As a scanner elsewhere reads it: the most significant digit first."""
    made = new_refresh_token().text
    number = 0
    for sign in made[-6:]:
        number = number * 62 + BASE62.index(sign)
    assert number == zlib.crc32(made[:-6].encode())


def test_hashes_are_compared_whole():
    one, other = hash_secret("a"), hash_secret("b")
    assert same_hash(one, one)
    assert not same_hash(one, other)
    assert not same_hash(one, one[:-1])
    assert not same_hash(one, "ü")
