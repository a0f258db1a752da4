"""Content-Encoding: everything comes out, nothing torn passes for whole, and memory stays bounded."""

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.decoding import Damaged, Torn, decoder_for

BODIES = st.lists(st.binary(max_size=3000), min_size=1, max_size=4)


def decoded(encoding: str, pieces: list[bytes]) -> bytes:
    decoder = decoder_for(encoding)
    out = b"".join(chunk for piece in pieces for chunk in decoder.feed(piece))
    decoder.finish()
    return out


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(BODIES, st.lists(st.integers(0, 10**6), max_size=8), st.integers(0, 3))
def test_gzip_of_many_members_cut_anywhere(members, places, padding):
    data = b"".join(gzip.compress(member) for member in members) + b"\0" * padding
    assert decoded("gzip", cut(data, places)) == b"".join(members)


@given(st.binary(max_size=3000), st.lists(st.integers(0, 10**6), max_size=8))
def test_deflate_and_plain(body, places):
    assert decoded("deflate", cut(zlib.compress(body), places)) == body
    for plain in ("", "identity", " Identity "):
        assert decoded(plain, cut(body, places)) == body


@given(st.binary(min_size=1, max_size=500), st.data())
def test_torn_gzip_is_noticed(body, data):
    whole = gzip.compress(body)
    with pytest.raises(Torn):
        decoded("gzip", [whole[: data.draw(st.integers(1, len(whole) - 1))]])


@pytest.mark.parametrize(
    "bad",
    [b"<html>", gzip.compress(b"a") + b"trailing", gzip.compress(b"abc")[:-8] + b"12345678"],
    ids=["no gzip", "something behind it", "wrong checksum"],
)
def test_damaged_gzip_is_noticed(bad):
    with pytest.raises(Damaged):
        decoded("x-gzip", [bad])


def test_a_bomb_comes_out_in_small_pieces():
    bomb = gzip.compress(b"\0" * 20_000_000)
    sizes = [len(piece) for piece in decoder_for("gzip").feed(bomb)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 1024 * 1024


def test_an_empty_body_needs_no_end():
    assert decoded("gzip", []) == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, deflate", "nonsense"])
def test_what_was_not_offered_is_not_decoded(encoding):
    assert decoder_for(encoding) is None
