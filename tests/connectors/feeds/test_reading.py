"""A feed of any files: each member found out or read as declared, rows and memory kept apart, errors with the name."""

import gzip
import json
import sys
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from commerce.errors import Permanent
from connectors.feeds import detect as detecting
from connectors.feeds.detect import detect, find_formats
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO, ROW
from connectors.feeds.reading import read
from tests.connectors.feeds.records import rows_of

XML = "<root><urun><kod>1</kod><ad>ağır</ad></urun><urun><kod>2</kod><ad>şık</ad></urun></root>"
LAYOUT = Layout(format="xml", record_path="root/urun")


@pytest.fixture
def write(tmp_path):
    def write(name: str, data: bytes | str):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def all_rows(paths, layout=None, known=None, **more):
    batches = read(paths, layout, known or KnownRecords(), **more)
    return [(place, *row) for place, batch in batches for row in rows_of(batch)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1254", "iso8859-9"])
@pytest.mark.parametrize(
    "said", ["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="utf-16"?>']
)
@pytest.mark.parametrize("declared", [None, LAYOUT])
def test_xml_in_any_encoding_whatever_it_says(write, encoding, said, declared):
    path = write("feed", (said + XML).encode(encoding))
    assert all_rows([path], declared) == [(0, 1, {"kod": "1", "ad": "ağır"}), (0, 2, {"kod": "2", "ad": "şık"})]


def test_members_of_an_archive_count_on_and_are_remembered_apart(tmp_path):
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, codes in (("b.json", (3, 1)), ("a.json", (1, 2))):
            archive.writestr(member, json.dumps([{"kod": code} for code in codes]))
    plain = tmp_path / "c.json"
    plain.write_bytes(gzip.compress(b'[{"kod":9}]'))
    paths = [path, plain]
    assert [(*row[:2], row[2]["kod"]) for row in all_rows(paths)] == [
        (0, 1, "1"), (0, 2, "2"), (0, 3, "3"), (0, 4, "1"), (1, 1, "9"),
    ]  # fmt: skip
    tables = [batch.table for _, batch in read(paths, None, KnownRecords())]
    halves = [np.concatenate([table[half].to_numpy() for table in tables]) for half in (DIGEST_HI, DIGEST_LO)]
    known = KnownRecords(*halves)
    assert [row[:2] for row in all_rows(paths, known=known)] == [(0, 4)]  # the second of two alike reaches the checks
    assert len(known.absent()[0]) == 0


def test_the_name_of_the_file_stands_before_the_cause(write):
    path = write("0a1b", gzip.compress(XML[:60].encode()))
    with pytest.raises(Permanent, match=r"^urunler.xml: XML: the file is cut off"):
        all_rows([path], LAYOUT, names=["urunler.xml.gz"])
    with pytest.raises(Permanent, match=r"^0a1b: the gzip data is cut off"):
        all_rows([write("0a1b", gzip.compress(XML.encode())[:-3])], LAYOUT)
    with pytest.raises(Permanent, match="max_bytes"):
        all_rows([path], LAYOUT, max_bytes=10)


@pytest.mark.parametrize(
    ("name", "data", "format_name"),
    [
        ("a", XML, "xml"), ("b.txt", '[{"a":1}]', "json"), ("c", '{"a":1}\n{"a":2}\n', "ndjson"),
        ("d.csv", "kod;ad\n1;x\n", "delimited"), ("e.json", "kod\tad\n1\tx\n", "delimited"),
        ("f", "\ufeff" + XML, "xml"), ("g", f"\n <!-- x -->{XML}", "xml"),
    ],
)  # fmt: skip
def test_each_file_is_what_its_content_says(write, name, data, format_name):
    (member,) = detect(write(name, data))
    assert (member.layout.format, member.name) == (format_name, name)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "empty"),
        ("<!DOCTYPE html><html lang='tr'><table><tr><td>1</td></tr></table></html>", "web page"),
        ("\n<!-- proxy -->\n<HTML><body></body></HTML>", "web page"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x" "y"><html/>', "web page"),
        ("<root><a>1</a></root>", "nothing in the file repeats"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><root><i><a/><b/></i><i><a/><b/></i></root>', "declares entities"),
        ("just some words", "no format would read it; it begins with 'just some words'"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "old Excel"),
    ],
)
def test_what_is_no_feed_is_refused_with_what_it_is(write, data, says):
    with pytest.raises(Permanent, match=f"^feed: .*{says}"):
        detect(write("feed", data))


def test_the_encoding_is_looked_for_beyond_a_plain_beginning(write):
    lines = "kod;ad\n" + "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 40_000 + "2;Bıçak şık ağır\n"
    (member,) = detect(write("feed.csv", lines.encode("cp1254")))
    assert member.layout.encoding == "iso-8859-9"


def test_every_format_is_found_and_named_like_its_file():
    assert set(find_formats()) == {"delimited", "json", "ndjson", "xlsx", "xml"}


@pytest.mark.parametrize("broken", [SimpleNamespace(), SimpleNamespace(FORMAT=SimpleNamespace(name="other"))])
def test_a_module_that_holds_no_format_of_its_name_is_an_error(monkeypatch, broken):
    module = "connectors.feeds.formats.broken"
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(__name__=module, **vars(broken)))
    monkeypatch.setattr(detecting.pkgutil, "iter_modules", lambda path: [SimpleNamespace(name="broken")])
    with pytest.raises(ImportError, match="expected FORMAT, a Format with the name 'broken'"):
        find_formats.__wrapped__()


def test_rows_are_numbered_per_file(write):
    paths = [write("a.xml", XML), write("b.xml", XML)]
    assert [batch.table[ROW].to_list() for _, batch in read(paths, None, KnownRecords())] == [[1, 2], [1, 2]]
