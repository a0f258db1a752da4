"""JSON and NDJSON give every object with its numbers as written, whatever the chunk size, the layout and the memory."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import Permanent
from connectors.feeds.formats import ndjson
from connectors.feeds.formats.json import FORMAT as JSON
from connectors.feeds.formats.ndjson import FORMAT as NDJSON
from connectors.feeds.jsontext import array
from connectors.feeds.jsontext.objects import decode
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from tests.connectors.feeds.records import Reading, Row, chunks_of

LINES = Layout(format="ndjson")
ARRAY = Layout(format="json")
BELOW = Layout(format="json", record_path="data/products")
HOSTILE = ['},{"id":', '"}]', "\\", '\\"', "[{", "]", "},\n {", "Bıçak; şık", "\x00", "\u2028", "", "😀"]

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), max_size=6))
numbers = st.sampled_from(["0", "-1", "12.50", "1E400", "1e-3", "12345678901234567890123", "0.10", "8690000000015"])
scalars = st.one_of(texts.map(json.dumps), numbers, st.sampled_from(["null", "true", "false"]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(texts, inner, max_size=3).map(
            lambda items: "{" + ",".join(f"{json.dumps(key)}:{item}" for key, item in items.items()) + "}"
        ),
    ),
    max_leaves=5,
)
objects = st.dictionaries(st.sampled_from(["id", "fiyat", "ürün", "_row", "_rest", "a"]), values, max_size=4).map(
    lambda items: "{" + ", ".join(f"{json.dumps(key)}: {item}" for key, item in items.items()) + "}"
)
documents = st.lists(objects, min_size=1, max_size=8)
sizes = st.sampled_from([1, 2, 5, 13, 64, 1 << 20])
layouts = st.sampled_from([LINES, ARRAY, BELOW])
between = st.sampled_from([",", ",\n ", " , "])


def written(records: list[str], layout: Layout, comma: str = ",") -> bytes:
    if layout is LINES:
        return "\n".join([*records, ""]).encode()
    inner = f"[{comma.join(records)}]"
    if layout is ARRAY:
        return inner.encode()
    return (
        f'{{"meta": {{"products": [1], "x": "[{{"}}, "data": {{"n": 2, "products": {inner} }}, "end": [{{}}]}}'.encode()
    )


def read(document: bytes, layout: Layout, size: int, known: KnownRecords | None = None) -> Reading:
    form = NDJSON if layout.format == "ndjson" else JSON
    with chunks_of(array, size), chunks_of(ndjson, size):
        return Reading(form, document, layout, known)


def exactly(text: str) -> object:
    """A JSON text with its numbers as texts that no string can be."""
    return json.loads(text, parse_float=lambda number: ("number", number), parse_int=lambda number: ("number", number))


def expected(record: str) -> Row:
    row = {}
    for name, value in exactly(record).items():
        match value:
            case None:
                continue
            case ("number", text):
                row[name] = text
            case bool():
                row[name] = str(value).lower()
            case _:
                row[name] = value
    return row


def found(row: Row, like: Row) -> Row:
    """A row with the cells parsed that hold lists and objects."""
    return {name: cell if isinstance(like.get(name), str) else exactly(cell) for name, cell in row.items()}


def agree(rows: list[Row], records: list[str]) -> None:
    wanted = [expected(record) for record in records]
    assert [found(row, like) for row, like in zip(rows, wanted, strict=True)] == wanted


@given(documents, layouts, between, sizes)
def test_rows_are_the_objects_with_their_numbers_as_written(records, layout, comma, size):
    reading = read(written(records, layout, comma), layout, size)
    agree(reading.rows, records)
    assert [number for number, _ in reading.numbered] == list(range(1, len(records) + 1))


@given(documents, documents, layouts, sizes, st.randoms(use_true_random=False))
def test_a_memory_of_an_earlier_version_changes_nothing(records, others, layout, size, chance):
    later = [*records, *others]
    chance.shuffle(later)
    before = read(written(records, layout), layout, 1 << 20)
    after = read(written(later, layout), layout, size, before.remembered())
    agree(after.with_known(before), later)
    assert after.known == len({record.encode() for record in records})


@given(documents, between, st.sampled_from([ARRAY, BELOW]), sizes, st.data())
def test_a_damaged_array_is_refused_or_shows_what_it_lost(records, comma, layout, size, data):
    whole = written(records, layout, comma)
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start, min(len(whole), start + 6)))
    document = whole[:start] + data.draw(st.sampled_from([b"", b"", b'"', b"{", b"]", b",", b"x"])) + whole[end:]
    try:
        value = json.loads(document)
        value = value["data"]["products"] if layout is BELOW else value
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        intact = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    except (ValueError, LookupError, TypeError):
        intact = False
    try:
        reading = read(document, layout, size)
    except Permanent:
        assert not intact
        return
    assert intact == (not reading.rejects)
    if intact:
        assert len(reading.rows) == len(value)


@pytest.mark.parametrize("layout", [ARRAY, BELOW])
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_an_array_that_is_cut_off_anywhere_is_refused(layout, size):
    whole = written(['{"id": 1, "a": [{"id": 2}]}', '{"id": "},{"}', '{"id": 3}'], layout)
    for length in range(len(whole)):
        with pytest.raises(Permanent, match=r"byte|empty"):
            read(whole[:length], layout, size)


def test_large_arrays_are_cut_by_the_decoder():
    records = [f'{{"id":{number},"ad":"Bıçak {number}","v":[{{"sku":1}},{{"sku":2}}]}}' for number in range(3000)]
    agree(read(written(records, ARRAY, ",\n"), ARRAY, 5000).rows, records)


@pytest.mark.parametrize(
    "bad",
    ['{"id": 1,}', '{"id": 01}', '{"id": "a\tb"}', "[1]", "7", '"x"', '{"a": ' + "[" * 2000 + "]" * 2000 + "}"],
)
@pytest.mark.parametrize("layout", [LINES, ARRAY, BELOW])
def test_a_bad_object_spoils_only_itself(bad, layout):
    reading = read(written(['{"id": 1}', bad, '{"id": 3}'], layout), layout, 20)
    assert reading.numbered == [(1, {"id": "1"}), (3, {"id": "3"})]
    assert [(reject.row, reject.raw, reject.reason) for reject in reading.rejects] == [(2, bad, "malformed")]
    form = NDJSON if layout is LINES else JSON
    again = Reading(form, form.restore([bad, '{"id": 9}'], layout), layout)
    assert (again.rows, len(again.rejects)) == ([{"id": "9"}], 1)


def test_a_line_in_another_encoding_is_told_apart():
    reading = read(b'{"id":1}\r\n\r\n{"id":"\xfe"}\n  \n{"id":3}', LINES, 4)
    assert reading.numbered == [(1, {"id": "1"}), (3, {"id": "3"})]
    assert [(reject.row, reject.reason) for reject in reading.rejects] == [(2, "wrong_encoding")]


@pytest.mark.parametrize(
    ("document", "layout", "says"),
    [
        ("", LINES, "empty"),
        (" \n", ARRAY, "empty"),
        ('{"products": []}', ARRAY, "no array at the root"),
        ('{"products": {}}', BELOW, "no array at 'data/products'"),
        ("<html>", ARRAY, r"no array at the root .*invalid character"),
        ('[{"a":1} {"b":2}]', ARRAY, "byte 9 is '{'.*expected a comma"),
        ('[{"a":1},]', ARRAY, "byte 9 is ']'"),
        ('[{"a":[1}]', ARRAY, "byte 8 is '}'.*bracket"),
        ('[{"a":1}] x', ARRAY, "broken around its records, at byte 11"),
        ('{"data":{"products":[{}]},"data":{"products":[{"a":1}]}}', BELOW, "is there twice"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_with_the_cause(document, layout, says):
    with pytest.raises(Permanent, match=says):
        read(document.encode(), layout, 1 << 20)


def test_records_that_are_too_long_are_refused(monkeypatch):
    monkeypatch.setattr(array, "LARGEST_RECORD", 100)
    monkeypatch.setattr(ndjson, "LARGEST_RECORD", 100)
    for layout in (ARRAY, LINES):
        with pytest.raises(Permanent, match="100 bytes"):
            read(written(['{"a":"' + "x" * 500 + '"}'], layout), layout, 10)


@pytest.mark.parametrize("path", ["variants", "offers/list"])
def test_a_row_for_each_variant(path):
    first, _, second = path.partition("/")
    variants = [{"sku": "K-1", "stock": 3}, {"sku": "K-2", "stock": 0.5}]
    record = {"id": 1, first: {second: variants, "n": 2} if second else variants}
    layout = ARRAY.model_copy(update={"variant_path": path})
    document = json.dumps([record, {"id": 2, first: []}, {"id": 3}]).encode()
    assert JSON.sniff(document, "").variant_path == path
    beside = {"offers/n": "2"} if second else {}
    assert read(document, layout, 1 << 20).numbered == [
        (1, {"id": "1", **beside, f"{path}/sku": "K-1", f"{path}/stock": "3"}),
        (1, {"id": "1", **beside, f"{path}/sku": "K-2", f"{path}/stock": "0.5"}),
        (2, {"id": "2", first: "[]"}),
        (3, {"id": "3"}),
    ]


@pytest.mark.parametrize(
    ("document", "format_name", "path"),
    [
        ('[{"a":1}]', "json", ""),
        ('{"errors":[{"x":1}],"data":{"products":[{"a":1},{"a":2}]}}', "json", "data/products"),
        ('{"a":1}\n{"a":2}\n', "ndjson", ""),
        ('{"a":[{"b":1}]}\n{"a":2}\n', "ndjson", ""),
        ('{"a":1}\n{"a":\n{"a":3}\n{"a":4}\n', "ndjson", ""),
        ('{\n "p": [\n {"a":1}\n ]\n}', "json", "p"),
        ('{"a":1}', "ndjson", ""),
        ("[1, 2]", None, None),
        ("id;ad\n", None, None),
    ],
)
def test_layouts_are_guessed(document, format_name, path):
    layouts = [layout for form in (JSON, NDJSON) if (layout := form.sniff(document.encode(), "feed"))]
    assert [(layout.format, layout.record_path) for layout in layouts] == ([(format_name, path)] if format_name else [])


def test_json_test_suite(shared_data):
    """What must be accepted is; what must be refused never passes as rows without a word."""
    with zipfile.ZipFile(shared_data / "conformance/jsontestsuite_y_n.zip") as suite:
        cases = {name.rpartition("/")[2]: suite.read(name) for name in suite.namelist() if name.endswith(".json")}
    assert len(cases) == 95 + 188
    for name, document in cases.items():
        if name.startswith("y_"):
            decode(document)
            assert Reading(JSON, b"[%b]" % document, ARRAY).rows or not document.lstrip().startswith(b"{")
            continue
        with pytest.raises(ValueError, match=r"\w"):
            decode(document)
        for layout, form in ((ARRAY, JSON), (LINES, NDJSON)):
            try:
                reading = Reading(form, document, layout)
            except Permanent:
                continue
            assert reading.rejects, name


def test_rejected_lines_come_back_as_they_were():
    assert NDJSON.restore(['{"a":1}', "{"], LINES) == b'{"a":1}\n{\n'
    assert json.loads(JSON.restore(['{"a":1}'], BELOW)) == {"data": {"products": [{"a": 1}]}}
    assert io.BytesIO(JSON.restore([], ARRAY)).read() == b"[]"
