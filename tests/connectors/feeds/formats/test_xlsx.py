"""Workbooks: which sheet, which heading, and every cell as the text that a person reads in it."""

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.errors import Permanent
from connectors.feeds.formats import xlsx
from connectors.feeds.formats.xlsx import FORMAT
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from tests.connectors.feeds.records import Reading

LAYOUT = Layout(format="xlsx")


def book(sheets: dict[str, list[list[object]]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "dd.mm.yyyy"}) as writer:
        for name, rows in sheets.items():
            sheet = writer.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return target.getvalue()


def rows(*lines: list[object]) -> list[dict[str, str]]:
    return Reading(FORMAT, book({"Liste": [*lines]}), LAYOUT).rows


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (8690000000015, "8690000000015"), (8.69e12, "8690000000000"), (19.99, "19.99"), (0.1 + 0.2, "0.3"),
        (1e20, "1" + "0" * 20), (1.5e-7, "0.00000015"), (-2.50, "-2.5"), (0, "0"), (1234567.891, "1234567.891"),
        (True, "true"), (False, "false"), ("$9.99 ", "$9.99 "), ("0012", "0012"), ("8.69E+12", "8.69E+12"),
        ("=1+1", "=1+1"), (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime.fromisoformat("2024-01-02T03:04:05"), "2024-01-02T03:04:05"),
    ],
)  # fmt: skip
def test_a_cell_is_the_text_it_shows(cell, text):
    assert rows(["Kod", "Değer"], ["a", cell]) == [{"Kod": "a", "Değer": text}]


def test_titles_and_blank_rows_are_no_records():
    reading = Reading(
        FORMAT, book({"Liste": [["Fiyat listesi"], [], ["Kod", "Ad"], ["1", "a"], [], [" ", None], ["2", "b"]]}), LAYOUT
    )
    assert reading.numbered == [(1, {"Kod": "1", "Ad": "a"}), (2, {"Kod": "2", "Ad": "b"})]


def test_headings_that_look_like_renamed_ones_keep_their_columns():
    assert rows(["a", "a_3", "a"], ["1", "2", "3"]) == [{"a": "1", "a_3": "2", "a_3_3": "3"}]


def test_headings_without_a_name_of_their_own_are_named_by_place():
    assert rows(["Kod", None, "Kod", "_row"], ["1", "2", "3", "4"]) == [
        {"Kod": "1", "column_2": "2", "Kod_3": "3", "_row_4": "4"}
    ]


def test_the_first_sheet_with_rows_or_the_one_named():
    document = book(
        {"Kapak": [["Hoş geldiniz"]], "Ürünler": [["Kod", "Ad"], ["1", "a"]], "Eski": [["Kod", "Ad"], ["9", "z"]]}
    )
    assert Reading(FORMAT, document, LAYOUT).rows == [{"Kod": "1", "Ad": "a"}]
    assert Reading(FORMAT, document, LAYOUT.model_copy(update={"sheet": "Eski"})).rows == [{"Kod": "9", "Ad": "z"}]
    with pytest.raises(Permanent, match="no sheet 'Yok'; there are 'Kapak', 'Ürünler', 'Eski'"):
        Reading(FORMAT, document, LAYOUT.model_copy(update={"sheet": "Yok"}))


cells = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=5)
)
lines = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6).filter(
    lambda rows: any(cell for cell in rows[-1])
)


@settings(max_examples=25)
@given(lines, lines)
def test_a_memory_of_an_earlier_version_changes_nothing(first, second):
    heading: list[object] = ["Kod", "Ad", "Fiyat"]
    before = Reading(FORMAT, book({"L": [heading, *first]}), LAYOUT)
    whole = book({"L": [heading, *first, *second]})
    after = Reading(FORMAT, whole, LAYOUT, before.remembered())
    assert after.with_known(before) == Reading(FORMAT, whole, LAYOUT).rows


def test_a_workbook_that_is_damaged_is_refused_with_the_cause():
    whole = book({"L": [["Kod", "Ad"], *([str(number), "x" * 50] for number in range(500))]})
    for size in (0, 30, len(whole) // 2, len(whole) - 1):
        with pytest.raises(Permanent, match="cut off or damaged"):
            Reading(FORMAT, whole[:size], LAYOUT)
    place = whole.index(b"xl/worksheets/sheet1.xml") + 60
    broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
    with pytest.raises(Permanent, match="damaged"):
        Reading(FORMAT, broken, LAYOUT)
    with pytest.raises(Permanent, match="cannot be read"):
        Reading(FORMAT, zipped({"hello.txt": b"x"}), LAYOUT)
    for empty in ({"L": []}, {"L": [["a"], ["b"]]}):
        with pytest.raises(Permanent, match="expected a heading row"):
            Reading(FORMAT, book(empty), LAYOUT)


def test_a_bomb_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr(xlsx, "_LARGEST", 1 << 20)
    with pytest.raises(Permanent, match=r"expands to 2,097,15.* bytes, more than 1,048,576"):
        Reading(FORMAT, zipped({"[Content_Types].xml": b"x", "xl/worksheets/sheet1.xml": bytes(2 << 20)}), LAYOUT)


def test_a_stream_that_cannot_be_moved_in_is_read_too():
    class OneWay(io.BytesIO):
        def seekable(self) -> bool:
            return False

    batches = FORMAT.read(OneWay(book({"L": [["Kod", "Ad"], ["1", "a"]]})), LAYOUT, KnownRecords())
    assert sum(len(batch.table) for batch in batches) == 1


def test_records_can_be_written_back():
    document = FORMAT.restore(['{"Kod":"=1","Ad":"a"}', '{"Kod":"2","Renk":null}'], LAYOUT)
    assert Reading(FORMAT, document, LAYOUT).rows == [{"Kod": "=1", "Ad": "a"}, {"Kod": "2"}]


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()
