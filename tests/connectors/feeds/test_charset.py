"""The encoding is what the bytes show, not what anybody says, and nothing is lost on the way to UTF-8."""

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent
from connectors.feeds import charset
from connectors.feeds.charset import detect, settle, utf8_stream
from tests.connectors.feeds.records import chunks_of

SAMPLES = {
    "tr": "Şık çelik bıçak seti, ürün ağırlığı 250 gr, İstanbul çıkışlı; güçlü ışık, şarj aleti ve kılıf",
    "de": "Kühlschrank für große Küchen, Spülmaschine, Größe und Gewicht, Heizlüfter mit Überhitzungsschutz",
    "fr": "Boîte de comprimés pelliculés, sirop à base de cœur d’été, prêt à l’emploi, dès réception, 5 €",
    "es": "Funda para portátil con diseño español, camión pequeño, cafés y tés, protección año",
    "is": "Þessi vara er mjög góð og ódýr, fæst í ýmsum litum, ísskápur með frysti, það er allt",
    "pl": "Zestaw noży ze stali, wysoka jakość, żółty kolor, łatwe mycie, środek do czyszczenia, mężczyzna",
    "ru": "Набор кухонных ножей из нержавеющей стали, высокое качество, красный цвет",
    "el": "Σετ μαχαιριών κουζίνας από ανοξείδωτο χάλυβα υψηλής ποιότητας, κόκκινο χρώμα",
    "ar": "طقم سكاكين مطبخ من الفولاذ المقاوم للصدأ عالي الجودة لون احمر",
    "ja": "ステンレス製の高品質キッチンナイフセット、赤色、送料無料、日本製です",
    "zh": "不锈钢高品质厨房刀具套装，红色，免运费，中国制造的产品",
}
CASES = [
    *(("tr", name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    ("tr", "cp1254"), ("tr", "iso8859-9"),
    *(("de", name) for name in ("utf-8", "cp1252", "iso8859-1")),
    ("fr", "cp1252"), ("es", "cp1252"), ("is", "cp1252"), ("pl", "cp1250"), ("ru", "cp1251"), ("ru", "koi8-r"),
    ("ru", "utf-16-le"), ("ru", "utf-16-be"), ("ru", "utf-32-le"), ("el", "cp1253"), ("ar", "cp1256"),
    ("ja", "shift_jis"), ("zh", "gb18030"),
]  # fmt: skip


def feed(language: str) -> str:
    return "".join(f"SKU-{number};{SAMPLES[language]};{number},50\n" for number in range(20))


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_the_text_comes_out_right(language, encoding):
    document = feed(language).encode(encoding, "ignore")
    wanted = document.decode(encoding)
    assert utf8_stream(io.BytesIO(document), detect(document)).read().decode() == wanted
    if encoding != "iso8859-1":  # a profile may declare it, and then it holds as long as it fits
        assert utf8_stream(io.BytesIO(document), settle(document, encoding)).read().decode() == wanted


def test_turkish_pages_differ_only_where_the_bytes_say_so():
    assert detect("Bıçağı “çok” keskin şey".encode("cp1254")) == "windows-1254"
    assert detect("Bıçağı çok keskin şey".encode("cp1254")) == "iso-8859-9"
    assert detect(b"\x81\xfd\xfe\xf0") == "iso-8859-9"


def test_what_is_declared_yields_to_proof():
    turkish = feed("tr")
    assert settle(turkish.encode(), "windows-1254") == "utf-8"
    assert settle(turkish.encode("cp1254"), "utf-8") == "iso-8859-9"
    assert settle(turkish.encode("cp1254"), "windows-1254") == "windows-1254"
    assert settle(turkish.encode("utf-16"), "utf-8") == "utf-16"
    assert settle(b"plain", "windows-1254") == "windows-1254"
    assert settle("ğ".encode("cp1254"), "no-such-thing") == "iso-8859-9"


def test_an_xml_declaration_is_believed_only_for_another_script():
    said = '<?xml version="1.0" encoding="{}"?><a>{}</a>'
    assert detect(said.format("UTF-8", "ağır şık").encode("cp1254")) == "iso-8859-9"
    assert detect(said.format("windows-1250", "kůň žlutý").encode("cp1250")) == "cp1250"
    assert detect(said.format("windows-1252", "ağır şık").encode("cp1254")) == "iso-8859-9"


def test_a_stray_byte_does_not_make_utf_8_something_else():
    assert detect(feed("tr").encode() + b"\xfe\xff\xc3") == "utf-8"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_head_may_end_inside_a_character(cut, monkeypatch):
    head = "aaaa€"[:5].encode()[:-cut]
    monkeypatch.setattr(charset, "HEAD", len(head))
    assert detect(head) == "utf-8"


def test_utf_8_passes_as_it_is():
    damaged = b"a\xfe\n" + "ğ".encode()
    file = io.BufferedReader(io.BytesIO(damaged))
    stream = utf8_stream(file, "utf-8")
    assert stream is file
    assert stream.read() == damaged
    assert utf8_stream(io.BytesIO(codecs.BOM_UTF8 + damaged), "utf-8").read() == damaged


@pytest.mark.parametrize(
    ("document", "encoding", "place"),
    [
        (b"a" * 3000 + b"\x8d", "windows-1254", "3,000"),
        (("a" * 50).encode("utf-16-le") + b"\x00\xd8a\x00", "utf-16-le", "100"),
        (b"ab\x81\x20", "shift_jis", "2"),
        (b"abc", "utf-16-le", "2"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
def test_illegal_bytes_are_named_by_their_place(document, encoding, place, size):
    with chunks_of(charset, size), pytest.raises(Permanent, match=f"Byte {place} .*{encoding}"):
        utf8_stream(io.BytesIO(document), encoding).read()


@given(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(["utf-16", "utf-16-le", "utf-32", "gb18030", "utf-8-sig"]),
    st.integers(1, 9),
)
def test_text_survives_any_portion(text, encoding, size):
    text = "x" + text
    with chunks_of(charset, size):
        assert utf8_stream(io.BytesIO(text.encode(encoding)), encoding).read().decode() == text
