"""Columns between delimiters: what is cut how, what is rejected with what reason, and that nothing else is harmed."""

import csv
import io
import itertools
import json

import pytest

from commerce.errors import Permanent
from connectors.feeds.charset import utf8_stream
from connectors.feeds.formats import delimited
from connectors.feeds.formats.delimited import FORMAT
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.reading import read
from tests.connectors.feeds.records import Reading, chunks_of, rows_of

COMMA = Layout(format="delimited")
SEMICOLON = Layout(format="delimited", delimiter=";")


def reading(document: bytes | str, layout: Layout = COMMA, known: KnownRecords | None = None) -> Reading:
    return Reading(FORMAT, document.encode() if isinstance(document, str) else document, layout, known)


def cells(found: Reading) -> list[tuple[int, list[str]]]:
    return [(number, list(row.values())) for number, row in found.numbered]


SPECTRUM = ("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
            "quotes_and_newlines", "simple", "simple_crlf", "utf8")  # fmt: skip


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum(shared_data, name):
    folder = shared_data / "conformance/csv-spectrum"
    found = reading((folder / f"csvs/{name}.csv").read_bytes())
    assert found.rows == json.loads((folder / f"json/{name}.json").read_text("utf-8"))
    assert not found.rejects


def test_csv_spectrum_where_its_json_disagrees_with_its_csv(shared_data):
    """The JSON of `location_coordinates` has another phone number than the CSV; all else must agree."""
    folder = shared_data / "conformance/csv-spectrum"
    (row,) = reading((folder / "csvs/location_coordinates.csv").read_bytes()).rows
    expected = json.loads((folder / "json/location_coordinates.json").read_text("utf-8"))
    phone = "Contact Phone Number"
    assert (row.pop(phone), expected.pop(phone)) == ("2095257564", "1234567890")
    assert row == expected


def test_ragged_rows_are_rejected_alone():
    found = reading("sku;price\nA;1\nB\nC;3;x\nD;4\n", SEMICOLON)
    assert cells(found) == [(1, ["A", "1"]), (4, ["D", "4"])]
    assert [(r.row, r.raw, r.reason, r.field, r.expected) for r in found.rejects] == [
        (2, "B", "wrong_number_of_fields", "1 fields", "2 fields"),
        (3, "C;3;x", "wrong_number_of_fields", "3 fields", "2 fields"),
    ]
    digests = KnownRecords().digests([b"B", b"C;3;x"], KnownRecords().seed(_context(SEMICOLON) + b"sku;price\n"))
    assert [list(reject.digest) for reject in found.rejects] == digests.tolist()


def _context(layout: Layout) -> bytes:
    return layout.model_dump_json(exclude={"encoding"}).encode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('B,"2', "misplaced_quote"),
        ('"B,2', "misplaced_quote"),
        ('"B" x,2', "misplaced_quote"),
        ('"B"x"",2', "misplaced_quote"),
        ('B,"2"",3', "misplaced_quote"),
        ('"B,"b","c"', "misplaced_quote"),
        ("B\r2,x", "misplaced_line_end"),
    ],
)
def test_a_stray_quote_spoils_only_its_own_line(bad, reason):
    for before, behind in itertools.product((0, 1, 3), repeat=2):
        lines = ["sku,price", *(f"A{n},1" for n in range(before)), bad, *(f"Z{n},9" for n in range(behind))]
        found = reading("\n".join(lines))
        assert [row["sku"] for row in found.rows] == [f"A{n}" for n in range(before)] + [f"Z{n}" for n in range(behind)]
        assert [(reject.row, reject.raw, reject.reason) for reject in found.rejects] == [(before + 1, bad, reason)]


def test_two_stray_quotes_do_not_swallow_the_rows_between():
    rows = [f"{number},Monitor,9.90" for number in range(2, 50)]
    found = reading("\n".join(["sku,title,price", '1,"5 inch,9.90', *rows, '50,7 inch",9.90', "51,Monitor,9.90"]))
    assert [number for number, _ in found.numbered] == [*range(2, 50), 50, 51]
    assert found.rows[-2]["title"] == '7 inch"'
    assert [(reject.row, reject.raw) for reject in found.rejects] == [(1, '1,"5 inch,9.90')]


def test_lines_that_could_be_either_are_rejected_not_guessed():
    """One field over three lines, or three rows with two stray quotes? A line of another shape decides."""
    either = '1,"5 inch,9\n2,Monitor,9\n3,7 inch",9'
    found = reading(f"sku,title,price\n{either}\n")
    assert [row["sku"] for row in found.rows] == ["2", "3"]
    assert [reject.raw for reject in found.rejects] == ['1,"5 inch,9']
    clear = either.replace("\n2", "\nA long text.\n2")
    assert reading(f"sku,title,price\n{clear}\n").rows == [{"sku": "1", "title": clear[3:-3], "price": "9"}]


def test_a_quote_inside_a_plain_field_is_a_letter():
    assert reading('sku,title\n1,5" pipe\n2,6" pipe\n').rows == [
        {"sku": "1", "title": '5" pipe'},
        {"sku": "2", "title": '6" pipe'},
    ]


def test_where_nothing_is_quoted_a_quote_is_a_letter():
    layout = Layout(format="delimited", delimiter="\t", quote="")
    assert reading('sku\ttitle\n1\t"5 inch\n2\t"x" y\n', layout).rows == [
        {"sku": "1", "title": '"5 inch'},
        {"sku": "2", "title": '"x" y'},
    ]


def test_wrong_bytes_reject_their_row_only():
    found = reading("sku,title\nA,çay\nB,".encode() + b"\xe7ay\nC," + "şeker\n".encode())
    assert [row["title"] for row in found.rows] == ["çay", "şeker"]
    (reject,) = found.rejects
    assert (reject.row, reject.raw) == (2, "B,\\xe7ay")
    assert (reject.reason, reject.field) == ("wrong_encoding", "byte 3 of the row")


def test_a_ragged_row_with_wrong_bytes():
    found = reading(b"sku,title\nA\xff\nB,b\n")
    assert cells(found) == [(2, ["B", "b"])]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [(1, "wrong_encoding")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end, last):
    text = end.join(["sku,title", "A,a", "", '"B","b', 'b"', "", "", "C,c"]) + (end if last else "")
    assert cells(reading(text)) == [(1, ["A", "a"]), (2, ["B", f"b{end}b"]), (3, ["C", "c"])]


def test_blank_lines_are_no_records_wherever_they_stand():
    assert cells(reading("\n\r\n  \nsku,title\n\nA,a\n\r\n\n")) == [(1, ["A", "a"])]


def test_nul_is_a_letter():
    assert reading("sku,title\nA,a\0b\n\0,\0\n").rows == [{"sku": "A", "title": "a\0b"}, {"sku": "\0", "title": "\0"}]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_huge_field_is_read_and_does_not_hide_its_neighbours(quote):
    huge = "x" * 3_000_000
    found = reading(f"sku,text\nA,a\nB,{quote}{huge}{quote}\nC,c\n")
    assert [row["sku"] for row in found.rows] == ["A", "B", "C"]
    assert found.rows[1]["text"] == huge


def test_a_huge_field_beside_a_stray_quote():
    """The slow way has no smaller limit than the fast one."""
    huge = "x" * 300_000
    found = reading(f'sku,text\nA,"{huge}"\nB\rb,"b\n')
    assert [len(row["text"]) for row in found.rows] == [300_000]
    assert len(found.rejects) == 1


def test_a_line_without_end_is_no_feed(monkeypatch):
    monkeypatch.setattr(delimited, "_LONGEST_LINE", 1000)
    with chunks_of(delimited, 400), pytest.raises(Permanent, match=r"near byte 9 is longer than 1,000 bytes"):
        reading("sku,text\nA,a" + "x" * 2000)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "file is empty"),
        (b"\n\n \n", "file is empty"),
        (b'sku,"title\nA,a\n', "no heading"),
        (b'"sku" x,title\nA,a\n', "no heading"),
        (b"sku,title\rA,a\rB,b", "no heading"),
        (b"x" * 2_000_000, "no heading"),
        (b'"\n' + b"a,b\n" * 50_000, "no heading"),
    ],
)
def test_a_file_without_a_heading_is_refused(document, message):
    with pytest.raises(Permanent, match=message):
        reading(document)


def test_a_stray_quote_in_the_heading_swallows_no_rows():
    assert cells(reading('sku,5" size\nA,1\nB,2"\nC,3\n')) == [(1, ["A", "1"]), (2, ["B", '2"']), (3, ["C", "3"])]


def test_a_heading_may_go_over_lines():
    assert reading('sku,"price\n(TL)"\nA,1\n').rows == [{"sku": "A", "price\n(TL)": "1"}]


def test_columns_have_names_of_their_own():
    """Repeated and empty names get their place; the names of service columns are ours."""
    row = reading("a,a,,a_2,_row,_number,_rest,_digest_hi, b \n1,2,3,4,5,6,7,8,9\n").rows[0]
    assert list(row.values()) == list("123456789")
    assert list(row) == ["a", "a_2", "column_3", "a_2_4", "_row_5", "_number_6", "_rest_7", "_digest_hi_8", "b"]


def test_without_a_heading_the_profile_names_the_columns():
    layout = Layout(format="delimited", header=False, columns=("sku", "price"))
    assert reading("A,1\nB,2\n", layout).rows == [{"sku": "A", "price": "1"}, {"sku": "B", "price": "2"}]
    with pytest.raises(Permanent, match=r"layout\.columns"):
        reading("A,1\n", layout.model_copy(update={"columns": ()}))


def test_a_delimiter_beyond_ascii():
    layout = Layout(format="delimited", delimiter="¦")
    assert reading('sku¦t\nA¦"a¦b"\nB\n', layout).rows == [{"sku": "A", "t": "a¦b"}]


@pytest.mark.parametrize(
    ("head", "delimiter", "header", "columns"),
    [
        ("sku;title\nA;a,b\nB;b,c\n", ";", True, ("sku", "title")),
        ("sku,title\nA,a\n", ",", True, ("sku", "title")),
        ("sku\ttitle\nA\ta\n", "\t", True, ("sku", "title")),
        ("sku|title\nA|a\n", "|", True, ("sku", "title")),
        ("A;12,50;x\nB;13,50;y\n", ";", False, ("column_1", "column_2", "column_3")),
        ("8690000000005\t16/03/2011\tx\n", "\t", False, ("column_1", "column_2", "column_3")),
        ("sku;2. fiyat;3D;#\nA;1;2;3\n", ";", True, ("sku", "2. fiyat", "3D", "#")),
        ("sku;resim;resim;resim;ad\nA;1;2;3;4\n", ";", True, ("sku", "resim", "resim_3", "resim_4", "ad")),
        ('sku;"a;b"\nA;"x;y"\n', ";", True, ("sku", "a;b")),
    ],
)
def test_sniff(head, delimiter, header, columns):
    layout = FORMAT.sniff(head.encode(), "feed.csv")
    assert (layout.delimiter, layout.header, layout.columns) == (delimiter, header, columns)


def test_sniff_knows_what_is_no_table():
    assert FORMAT.sniff(b"one\ntwo\n", "notes") is None
    assert FORMAT.sniff(b"\n \n", "feed.csv") is None


def test_sniff_takes_quotes_in_tab_files_only_where_fields_begin_with_one():
    assert FORMAT.sniff(b'sku\ttitle\nA\t5" pipe\n', "feed.tsv").quote == ""
    assert FORMAT.sniff(b'sku\ttitle\nA\t"a"\n', "feed.tsv").quote == '"'


def test_rejected_rows_can_be_read_again_once_the_layout_is_mended():
    layout = FORMAT.sniff(b'sku;"a;b"\nA;1\n', "feed.csv")
    raw = [reject.raw for reject in reading('sku;"a;b"\nA;"5 inch\nB;7\n\nC;9\n', layout).rejects]
    assert raw == ['A;"5 inch']
    plain = layout.model_copy(update={"quote": "", "columns": ("sku", "size")})
    assert reading(FORMAT.restore(raw, plain), plain).rows == [{"sku": "A", "size": '"5 inch'}]
    again = reading(FORMAT.restore(["A;1\r\n", "B;2"], layout), layout)
    assert cells(again) == [(1, ["A", "1"]), (2, ["B", "2"])]
    headless = layout.model_copy(update={"header": False})
    assert cells(reading(FORMAT.restore(["A;1"], headless), headless)) == [(1, ["A", "1"])]
    assert reading(FORMAT.restore(["A;1"], SEMICOLON), SEMICOLON).rows == [], "without names nothing can be restored"


def test_medicine_list_without_a_heading(shared_data):
    """ISO-8859-1, tabs, no quoting."""
    import gzip  # noqa: PLC0415 - here only

    with gzip.open(shared_data / "catalog/bdpm_CIS_CIP.txt.gz") as file:
        document = utf8_stream(file, "iso-8859-1").read()
    layout = FORMAT.sniff(document[: 1 << 20], "bdpm.txt")
    assert (layout.header, layout.quote, len(layout.columns)) == (False, "", 13)
    found = reading(document, layout)
    assert (len(found.rows), found.rejects) == (20_083, [])
    assert len({row["column_7"] for row in found.rows}) == 20_083
    assert sum(row["column_10"] == "" for row in found.rows) == 7254


@pytest.mark.parametrize(
    ("name", "count", "width"),
    [("adventureworks_products.csv", 293, 11), ("prestashop_products_import.csv", 7, 67)],
)
def test_real_tables(shared_data, name, count, width):
    path = shared_data / "catalog" / name
    found = [row for _, batch in read([path], None, KnownRecords()) for row in rows_of(batch)]
    assert [number for number, _ in found] == list(range(1, count + 1))
    with path.open(encoding="utf-8-sig", newline="") as file:
        expected = list(csv.reader(file, delimiter=";" if "presta" in name else ","))[1:]
    assert [list(row.values()) for _, row in found] == expected
    assert {len(row) for row in expected} == {width}


def test_a_million_rows_are_not_held_at_once():
    """Batches are bounded: what was read is handed on before the file ends."""
    line = b"A" * 200 + b",1\n"
    file = io.BytesIO(b"sku,price\n" + line * 100_000)
    batches = FORMAT.read(file, COMMA, KnownRecords())
    first = next(batches)
    assert len(first.table) < 50_000
    assert file.tell() < 12_000_000
    assert len(first.table) + sum(len(batch.table) for batch in batches) == 100_000
