"""XML records as rows: paths, variants, names, texts; what is rejected and what is refused."""

import io

import pytest

from commerce.errors import Permanent
from connectors.feeds.formats.xml import FORMAT
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.markup import cutter
from connectors.feeds.protocol import ROW
from tests.connectors.feeds.records import Reading, chunks_of

LAYOUT = Layout(format="xml", record_path="Root/Urunler/Urun")


def rows(inner: str, layout: Layout = LAYOUT, declared: str = "") -> list[dict[str, str]]:
    return Reading(FORMAT, f"<Root{declared}><Urunler>{inner}</Urunler></Root>".encode(), layout).rows


def test_children_attributes_and_depth_become_names():
    record = '<Urun id="7"><Ad dil="tr"> Bıçak </Ad><Olcu><En>1</En><Boy birim="cm">2</Boy></Olcu><Bos/></Urun>'
    assert rows(record) == [
        {"@id": "7", "Ad/@dil": "tr", "Ad": "Bıçak", "Olcu/En": "1", "Olcu/Boy/@birim": "cm", "Olcu/Boy": "2"}
    ]


def test_what_repeats_becomes_an_array():
    assert rows("<Urun><Resim>a</Resim><Resim/><Resim>b</Resim></Urun>") == [{"Resim": '["a","b"]'}]
    assert rows('<Urun><Ozellik ad="Renk">Mavi</Ozellik><Ozellik ad="Beden"/></Urun>') == [
        {"Ozellik": '[{"@ad":"Renk","#text":"Mavi"},{"@ad":"Beden","#text":null}]'}
    ]
    assert rows("<Urun><Fiyat><Tutar>1</Tutar></Fiyat><Fiyat><Tutar>2</Tutar></Fiyat></Urun>") == [
        {"Fiyat": '[{"Tutar":"1"},{"Tutar":"2"}]'}
    ]


def test_a_row_for_each_variant():
    record = """<Urun><Kod>K</Kod><UrunSecenek><Secenek><StokKodu>K-1</StokKodu><Stok>3</Stok></Secenek>
        <Secenek><StokKodu>K-2</StokKodu></Secenek></UrunSecenek></Urun><Urun><Kod>L</Kod><UrunSecenek/></Urun>"""
    layout = LAYOUT.model_copy(update={"variant_path": "UrunSecenek/Secenek"})
    reading = Reading(FORMAT, f"<Root><Urunler>{record}</Urunler></Root>".encode(), layout)
    assert reading.numbered == [
        (1, {"Kod": "K", "UrunSecenek/Secenek/StokKodu": "K-1", "UrunSecenek/Secenek/Stok": "3"}),
        (1, {"Kod": "K", "UrunSecenek/Secenek/StokKodu": "K-2"}),
        (2, {"Kod": "L"}),
    ]
    assert (reading.digests[0] == reading.digests[1]).all()


def test_prefixes_go_unless_two_names_would_be_one():
    declared = ' xmlns:g="http://base.google.com/ns/1.0" xmlns:c="urn:c"'
    assert rows("<Urun><g:id>1</g:id><g:price>2</g:price></Urun>", declared=declared) == [{"id": "1", "price": "2"}]
    assert rows("<Urun><title>a</title><g:title>b</g:title><c:x>1</c:x><g:x>2</g:x></Urun>", declared=declared) == [
        {"title": "a", "g:title": "b", "c:x": "1", "g:x": "2"}
    ]


def test_a_prefix_that_nothing_declares_is_no_harm():
    assert rows("<Urun><g:id>1</g:id></Urun><Urun><g:id x:y='2'>1</g:id><!-- x --></Urun>") == [
        {"id": "1"},
        {"id": "1", "id/@y": "2"},
    ]


def test_atom_with_a_default_namespace():
    entries = "<entry><g:id>1</g:id></entry><entry><id>2</id></entry>"
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="urn:g">{entries}</feed>'
    assert FORMAT.sniff(feed.replace("<entry>", "<entry><t>x</t>").encode(), "") == Layout(
        format="xml", record_path="feed/entry"
    )
    assert Reading(FORMAT, feed.encode(), Layout(format="xml", record_path="feed/entry")).rows == [
        {"id": "1"},
        {"id": "2"},
    ]


def test_text_is_joined_across_comments_and_cdata():
    assert rows("<Urun><Ad>a<!-- x -->b<![CDATA[<c> & ]]>d</Ad></Urun>") == [{"Ad": "ab<c> & d"}]
    assert rows("<Urun><Ad>&lt;p&gt;escaped&lt;/p&gt;</Ad></Urun>") == [{"Ad": "<p>escaped</p>"}]
    assert rows("<Urun><Ad>Çok <b>güçlü</b> ışık</Ad></Urun>") == [{"Ad": "Çok güçlü ışık"}]


def test_names_of_html_are_known_but_no_others():
    reading = Reading(
        FORMAT,
        b"<Root><Urunler><Urun><A>x&nbsp;y&ccedil;&amp;nbsp;</A><B><![CDATA[&nbsp;]]></B></Urun>"
        b"<Urun><A>&unknown;</A></Urun></Urunler></Root>",
        LAYOUT,
    )
    assert reading.rows == [{"A": "x\xa0yç&nbsp;", "B": "&nbsp;"}]
    assert [(reject.row, reject.reason) for reject in reading.rejects] == [(2, "malformed")]


@pytest.mark.parametrize(
    "bad",
    [
        "<Urun><A>1 & 2</A></Urun>",
        "<Urun><A>1</B></Urun>",
        "<Urun><A>\x0b</A></Urun>",
        "<Urun><A>&#0;</A></Urun>",
        "<Urun><A x='1' x='2'/></Urun>",
        "<Urun a=>1</Urun>",
        "<Urun><![CDATA[a]]>]]></Urun>",
    ],
)
@pytest.mark.parametrize("size", [1, 20, 1 << 20])
def test_a_record_that_is_not_well_formed_spoils_only_itself(bad, size):
    good = "<Urun><A>{}</A></Urun>\n"
    document = f"<Root><Urunler>{good.format(1)}{bad}\n{good.format(3)}{bad}</Urunler></Root>".encode()
    with chunks_of(cutter, size):
        reading = Reading(FORMAT, document, LAYOUT)
    assert reading.numbered == [(1, {"A": "1"}), (3, {"A": "3"})]
    assert [(reject.row, reject.raw, reject.reason) for reject in reading.rejects] == [
        (2, bad, "malformed"),
        (4, bad, "malformed"),
    ]
    again = Reading(FORMAT, FORMAT.restore([bad], LAYOUT), LAYOUT)
    assert (again.rows, len(again.rejects)) == ([], 1)


def test_bytes_that_are_not_utf_8_spoil_only_their_record():
    reading = Reading(FORMAT, b"<Root><Urunler><Urun><A>\xfe</A></Urun><Urun><A>2</A></Urun></Urunler></Root>", LAYOUT)
    assert reading.numbered == [(2, {"A": "2"})]
    assert [(reject.row, reject.reason, reject.raw) for reject in reading.rejects] == [
        (1, "wrong_encoding", "<Urun><A>\\xfe</A></Urun>")
    ]


def test_the_declared_encoding_does_not_count():
    document = '<?xml version="1.0" encoding="ISO-8859-9"?><Root><Urunler><Urun><A>ğış</A></Urun></Urunler></Root>'
    assert Reading(FORMAT, document.encode(), LAYOUT).rows == [{"A": "ğış"}]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "empty"),
        (" \n", "empty|no element found"),
        ("<!DOCTYPE html><html><body>Giriş</body></html>", "web page"),
        ("<html><head/></html>", "web page"),
        (
            "<Root><Urunler></Urunler></Root>",
            r"no record at 'Root/Urunler/Urun'. What is there: Root \(1\), Root/Urunler",
        ),
        ("<Root><Urunler><Urun><A>1</A></Urun>", "the file ends at byte 36"),
        ("<Root><Urunler><Urun><A>1</A></Urun><Urun><A>", r"cut off.*inside record 2 \(<Urun>, from byte 36\)"),
        ("<Root><Urunler><Urun/></Root>", "not well-formed at byte"),
        ("<Root><Urunler><Urun/></Urunler></Root><Root/>", "junk after document element"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Root><Urunler><Urun/></Urunler></Root>', "entity 'a'"),
        (
            '<!DOCTYPE r [<!ENTITY % a SYSTEM "file:///etc/passwd">]><Root><Urunler><Urun/></Urunler></Root>',
            "entity 'a'",
        ),
        ("id;ad\n1;Bıçak\n", "not well-formed at byte 2"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_with_the_cause(document, says):
    with pytest.raises(Permanent, match=says):
        Reading(FORMAT, document.encode(), LAYOUT)


def test_a_doctype_without_entities_is_passed_over():
    document = '<!DOCTYPE Root SYSTEM "http://127.0.0.1:9/x.dtd"><Root><Urunler><Urun><A>1</A></Urun></Urunler></Root>'
    assert Reading(FORMAT, document.encode(), LAYOUT).rows == [{"A": "1"}]


def test_depth_and_size_of_a_record_are_bounded(monkeypatch):
    deep = f"<Urun>{'<a>' * 5000}{'</a>' * 5000}</Urun>"
    reading = Reading(FORMAT, f"<Root><Urunler>{deep}<Urun><A>1</A></Urun></Urunler></Root>".encode(), LAYOUT)
    assert (reading.numbered, len(reading.rejects)) == ([(2, {"A": "1"})], 1)
    monkeypatch.setattr(cutter, "LARGEST_RECORD", 1000)
    with chunks_of(cutter, 500), pytest.raises(Permanent, match="longer than 1,000 bytes"):
        rows(f"<Urun><A>{'x' * 3000}</A></Urun>")


def test_rare_fields_go_into_one_column():
    records = "".join(f"<Urun><Kod>{n}</Kod><ozel{n}>x</ozel{n}><_row>9</_row></Urun>" for n in range(100))
    table = next(
        FORMAT.read(io.BytesIO(f"<Root><Urunler>{records}</Urunler></Root>".encode()), LAYOUT, KnownRecords())
    ).table
    assert table.columns == ["Kod", "_rest", "_row", "_digest_hi", "_digest_lo"]
    assert table["_rest"][7] == '{"ozel7":"x","_row":"9"}'
    assert table[ROW].to_list() == list(range(1, 101))


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ("<root>{a}{a}</root>", ("root/urun", "")),
        (
            "<Root><Urunler><Urun><Ad/><UrunSecenek>{b}</UrunSecenek></Urun></Urunler></Root>",
            ("Root/Urunler/Urun", "UrunSecenek/Secenek"),
        ),
        (
            "<products><p><code/><n/><s>{b}</s><images><item><a/><b/></item></images></p><p><code/><n/></p></products>",
            ("products/p", "s/Secenek"),
        ),
        (
            '<yml><c><category id="1" p="2"/><category id="2" p="1"/></c><o><offer id="1"><n/></offer></o></yml>',
            ("yml/o/offer", ""),
        ),
        ("<r><p><ad/>{c}</p><p><ad/><x/></p></r>", ("r/p", "")),
        ("<ürünler><ürün><kod/><adı/></ürün></ürünler>", ("ürünler/ürün", "")),
        ("<rss><channel><title/><item><a/><b/></item><item><a/><b/></item></channel></rss>", ("rss/channel/item", "")),
    ],
)
def test_paths_are_guessed_from_what_repeats(document, paths):
    parts = {"a": "<urun><StokKodu/><Ad/></urun>", "b": "<Secenek><StokKodu/><StokAdedi/></Secenek>" * 2}
    document = document.format(c="<kategori><kod/><isim/></kategori>" * 2, **parts)
    layout = FORMAT.sniff(document.encode(), "feed.xml")
    assert (layout.record_path, layout.variant_path) == paths


def test_rejected_records_can_be_read_again():
    raw = ['<g:item><g:id>1</g:id><c:x c:y="1">2</c:x></g:item>']
    layout = Layout(format="xml", record_path="rss/channel/item")
    assert Reading(FORMAT, FORMAT.restore(raw, layout), layout).rows == [{"id": "1", "x/@y": "1", "x": "2"}]
