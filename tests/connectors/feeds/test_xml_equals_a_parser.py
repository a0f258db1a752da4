"""Cutting XML by text search must give what a parser gives, for any document, any chunk size and any memory."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from commerce.errors import Permanent
from connectors.feeds.formats.xml import FORMAT
from connectors.feeds.layout import Layout
from connectors.feeds.markup import cutter
from connectors.feeds.markup.flatten import flatten
from tests.connectors.feeds.records import Reading, Row, chunks_of

UNDECLARED_PREFIX = etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
LAYOUT = Layout(format="xml", record_path="shop/items/item", variant_path="variants/variant")

text = st.one_of(
    st.sampled_from(
        ["12,50", "Bıçak &amp; çatal", "a &lt; b", "&#286;", "<![CDATA[<b>kalın</b>]]>", " ", "", "&#13;x", "a\r\nb"]
    ),
    st.text(
        st.characters(codec="utf-8", exclude_characters="<>&\r", exclude_categories=["Cc", "Cs", "Cn"]), max_size=8
    ),
)
hostile = st.sampled_from(
    [
        "<![CDATA[ </item> ]]>", "<![CDATA[</item><item>]]>", "<![CDATA[</item>\n<item>x</item>]]>", "<!-- </item> -->",
        "<!-- <item> -->", "<?note </item>?>", "<item>x</item>", "<item/>", "<items/>", "<itemx>1</itemx>",
        '<price note="a>b" c="&lt;/item>">1</price>', "x<b>y</b>z",
        "<variants><variant><sku>1</sku></variant></variants>",
        "<variants><variant>2</variant><variant a='1'/></variants>", "<variants/>", "<g:id>7</g:id><id>8</id>",
        "<img/><img>u</img><img>v</img>",
        "<a><b><c>1</c></b><b>2</b></a>", "a<!-- x -->b", "<e></e>", "\ue000" + "0\ue001",
    ]
)  # fmt: skip
field = st.tuples(st.sampled_from(["sku", "ad", "fiyat", "ürün", "sku"]), text).map(
    lambda pair: "<{0}>{1}</{0}>".format(*pair)
)
body = st.lists(st.one_of(field, field, field, hostile), max_size=5).map("\n ".join)
ending = st.sampled_from(["</item>", "</item>", "</item>", "</item >", "</item\n>"])
record = st.one_of(
    st.tuples(st.sampled_from(["<item>", "<item>", "<item id='1'>", '<item\tn="a>b">']), body, ending).map("".join),
    st.sampled_from(["<item/>", '<item id="x>y" />', "<item></item>"]),
)
gap = st.sampled_from(
    [
        "", "\n", "\n  ", "\r\n", "<!-- <item>old</item> -->", "<other>1</other>", "stray", "<![CDATA[<item>]]>",
        "<itemx/>",
        "</items><items>", "</items><note><item>not one</item></note><items>",
    ]
)  # fmt: skip
prolog = st.sampled_from(
    ["", '<?xml version="1.0" encoding="ISO-8859-9"?>\n', "<!-- <shop><items><item> -->", "<!DOCTYPE shop>\n", "\ufeff"]
)
records = st.lists(st.tuples(record, gap), max_size=6)


def written(head: str, pairs: list[tuple[str, str]]) -> bytes:
    inner = "".join(part for pair in pairs for part in pair)
    return f'{head}<shop xmlns:g="urn:g"><title>x</title><items>{inner}</items></shop>\n'.encode()


def parsed(document: bytes) -> list[Row]:
    """The rows that a full parse of the document gives; raises XMLSyntaxError."""
    parser = etree.XMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, resolve_entities=False)
    root = etree.parse(io.BytesIO(document.removeprefix(b"\xef\xbb\xbf")), parser).getroot()
    found = []
    if root.tag == "shop":
        found = [item for items in root.findall("items") for item in items.findall("item")]
    rows = [row for item in found for row in flatten(item, ["variants", "variant"])]
    return [{name: as_cell(value) for name, value in row.items() if value is not None} for row in rows]


def as_cell(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def read(document: bytes, size: int, earlier: Reading | None = None) -> Reading:
    with chunks_of(cutter, size):
        return Reading(FORMAT, document, LAYOUT, earlier.remembered() if earlier else None)


sizes = st.sampled_from([1, 3, 7, 16, 50, 200, 1 << 20])


@given(prolog, records, sizes)
def test_rows_are_those_of_a_full_parse(head, pairs, size):
    document = written(head, pairs)
    expected = parsed(document)
    if not expected:
        with pytest.raises(Permanent, match="no record at"):
            read(document, size)
        return
    reading = read(document, size)
    assert reading.rows == expected
    assert not reading.rejects


@given(records, records, sizes, st.randoms(use_true_random=False))
def test_a_memory_of_an_earlier_version_changes_nothing(pairs, others, size, chance):
    mixed = [*pairs, *others]
    chance.shuffle(mixed)
    earlier, later = written("", pairs), written("", mixed)
    if not parsed(earlier) or not parsed(later):
        return
    before = read(earlier, size)
    after = read(later, size, before)
    assert after.with_known(before) == parsed(later)
    assert len(after.rows) <= len(parsed(later))


@given(records, st.data(), sizes)
def test_a_damaged_file_is_refused_or_shows_what_it_lost(pairs, data, size):
    whole = written("", pairs)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 12)))
    damage = data.draw(
        st.sampled_from([b"", b"", b"<", b"&", b"</item>", b"<item>", b"<!--", b"<![CDATA[", b"\xff", b"\0"])
    )
    document = whole[:start] + damage + whole[end:]
    before = read(whole, size) if parsed(whole) else None
    try:
        expected = parsed(document)
    except etree.XMLSyntaxError as error:
        if error.code == UNDECLARED_PREFIX:
            return  # outside of records nobody asks for the namespace
        expected = None
    try:
        reading = read(document, size, before)
    except Permanent:
        assert not expected
        return
    if expected is None:
        assert reading.rejects
    else:
        assert not reading.rejects
        assert (reading.with_known(before) if before else reading.rows) == expected


def test_cut_off_at_every_byte():
    whole = written(
        "<?xml version='1.0'?>",
        [('<item id="1"><sku>A</sku><d><![CDATA[</item>]]></d></item>', "\n"), ("<item/>", "")] * 2,
    )
    root_closed = whole.rindex(b">") + 1
    for length in range(len(whole)):
        if length >= root_closed:
            assert read(whole[:length], 16).rows == parsed(whole)
            continue
        with pytest.raises(Permanent, match=r"byte|no record at|empty"):
            read(whole[:length], 16)
