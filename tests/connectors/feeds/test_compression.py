"""What is in a file is found by its bytes; damage and bombs are refused with the place or the cause."""

import gzip
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from commerce.errors import Permanent
from connectors.feeds.compression import open_members

TEXT = "Bıçak;1.299,90\n".encode() * 5000


def members(path: Path, **limits) -> dict[str, bytes]:
    return {name: stream.read() for name, stream in open_members(path, **limits)}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def stored(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_plain_gzip_and_zip_by_their_bytes(tmp_path):
    assert members(stored(tmp_path / "feed.zip", TEXT)) == {"feed.zip": TEXT}
    assert members(stored(tmp_path / "feed.csv.gz", gzip.compress(TEXT))) == {"feed.csv": TEXT}
    assert members(stored(tmp_path / "feed.csv", gzip.compress(TEXT))) == {"feed.csv": TEXT}
    assert members(zipped(tmp_path / "feed.xml", {"a.csv": TEXT})) == {"feed.xml/a.csv": TEXT}
    assert members(stored(tmp_path / "empty", b"")) == {"empty": b""}


def test_a_name_may_be_given(tmp_path):
    path = stored(tmp_path / "0123abcd", gzip.compress(TEXT))
    assert members(path, name="urunler.xml.gz") == {"urunler.xml": TEXT}


def test_gzip_of_several_members_and_padding(tmp_path):
    data = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"end") + b"\0" * 700
    assert members(stored(tmp_path / "feed.gz", data)) == {"feed": TEXT + b"end"}


def test_zip_members_come_by_name_without_folders_and_trappings(tmp_path):
    files = {"b/2.csv": b"2", "b/1.csv": b"1", "a.csv.gz": gzip.compress(b"a"), "b/": b"", "__MACOSX/b/._1.csv": b"x"}
    assert members(zipped(tmp_path / "f.zip", files | {"b/.DS_Store": b"x"})) == {
        "f.zip/a.csv": b"a",
        "f.zip/b/1.csv": b"1",
        "f.zip/b/2.csv": b"2",
    }


def test_a_workbook_comes_whole(tmp_path):
    path = zipped(tmp_path / "f", {"[Content_Types].xml": b"x", "xl/workbook.xml": b"y"})
    assert members(path) == {"f": path.read_bytes()}


@pytest.mark.parametrize("cut", [5, 11, 100, -9, -1])
def test_gzip_that_is_cut_off(tmp_path, cut):
    path = stored(tmp_path / "f.gz", gzip.compress(TEXT)[:cut])
    with pytest.raises(Permanent, match=rf"f.gz: the gzip data is cut off at byte {path.stat().st_size:,}"):
        members(path)


def test_gzip_that_is_damaged(tmp_path):
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 1
    with pytest.raises(Permanent, match=r"damaged near byte .*incorrect data check"):
        members(stored(tmp_path / "f.gz", bytes(data)))
    with pytest.raises(Permanent, match="damaged near byte"):
        members(stored(tmp_path / "f.gz", gzip.compress(TEXT) + b"trailing words"))


def test_zip_that_is_cut_off_or_damaged(tmp_path):
    whole = zipped(tmp_path / "f.zip", {"a.csv": TEXT}).read_bytes()
    with pytest.raises(Permanent, match="no directory at its end, byte 100"):
        members(stored(tmp_path / "f.zip", whole[:100]))
    broken = bytearray(whole)
    broken[60] ^= 0xFF
    with pytest.raises(Permanent, match=r"f.zip/a.csv: the zip data is damaged after byte"):
        members(stored(tmp_path / "f.zip", bytes(broken)))


def test_zip_with_a_password(tmp_path):
    data = bytearray(zipped(tmp_path / "f.zip", {"a.csv": TEXT}).read_bytes())
    directory = data.index(b"PK\x01\x02")
    for place in (6, directory + 8):
        struct.pack_into("<H", data, place, 1)
    with pytest.raises(Permanent, match="encrypted"):
        members(stored(tmp_path / "f.zip", bytes(data)))


def test_what_else_is_refused(tmp_path):
    with pytest.raises(Permanent, match="holds no file"):
        members(zipped(tmp_path / "f.zip", {}))
    with pytest.raises(Permanent, match="inside a zip"):
        members(zipped(tmp_path / "f.zip", {"g.zip": zipped(tmp_path / "g.zip", {"a": b"1"}).read_bytes()}))
    for mark in (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"BZh91AY", b"\x28\xb5\x2f\xfd"):
        with pytest.raises(Permanent, match="is packed with"):
            members(stored(tmp_path / "f", mark + b"0" * 20))


@pytest.mark.parametrize("kind", ["gzip", "zip", "gzip in zip"])
def test_a_bomb_stops_at_the_limit(tmp_path, kind):
    bomb = gzip.compress(bytes(50 << 20))
    if kind == "gzip":
        path = stored(tmp_path / "f.gz", bomb)
    else:
        path = zipped(tmp_path / "f.zip", {"a": bytes(50 << 20)} if kind == "zip" else {"a.gz": bomb})
    with pytest.raises(Permanent, match=r"expands to more than 1,048,576 bytes \(max_bytes\)"):
        members(path, max_bytes=1 << 20)


def test_the_limit_is_for_all_members_together(tmp_path):
    path = zipped(tmp_path / "f.zip", dict.fromkeys("ab", b"x" * 600))
    assert len(members(path, max_bytes=1200)) == 2
    with pytest.raises(Permanent, match="max_bytes"):
        members(path, max_bytes=1199)


def test_streams_give_their_bytes_in_any_portion(tmp_path):
    chance = random.Random(7)
    noise = chance.randbytes(900_000)
    path = stored(tmp_path / "f.gz", gzip.compress(noise[:500_000]) + zlib_gzip(noise[500_000:]))
    for _, stream in open_members(path):
        assert stream.peek(4)[:4] == noise[:4]
        found = b""
        while portion := stream.read(chance.choice((1, 7, 4096, 300_000))):
            found += portion
        assert found == noise


def zlib_gzip(data: bytes) -> bytes:
    writer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return writer.compress(data) + writer.flush()
