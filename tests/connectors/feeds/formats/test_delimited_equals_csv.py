"""What comes out of a table is what Python's csv module says, whatever is quoted how and wherever a read ends."""

import csv
import io
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.feeds.formats import delimited
from connectors.feeds.formats.delimited import FORMAT
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import ROW
from connectors.feeds.waiting import Fresh
from tests.connectors.feeds.records import Reading, chunks_of

DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
CHUNKS = st.sampled_from([1, 2, 3, 7, 20, 64, 4 << 20])
STYLES = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
ENDS = st.sampled_from(["\n", "\r\n"])
cell = st.text('ab1 é",;\t|\0😀', max_size=5) | st.lists(st.sampled_from(['a"', "é", "\n", "\r\n"])).map("".join)
one_line = st.text('ab1 é",;', max_size=5)
plain = st.text("ab1é", min_size=1, max_size=4)


def tables(cells, narrowest=1):
    """Tables of one to four columns."""
    return st.integers(narrowest, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
    )


def written(rows, delimiter=",", style=csv.QUOTE_MINIMAL, end="\n"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=style, lineterminator=end).writerows(rows)
    return text.getvalue()


def read(document, width, delimiter=",", known=None):
    names = tuple(f"c{place}" for place in range(width))
    layout = Layout(format="delimited", delimiter=delimiter, header=False, columns=names)
    return Reading(FORMAT, document if isinstance(document, bytes) else document.encode(), layout, known)


def rows_of(found):
    return [list(row.values()) for row in found.rows]


@given(tables(cell), DELIMITERS, STYLES, ENDS, CHUNKS)
def test_every_written_table_comes_back(table, delimiter, style, end, chunk):
    text = written(table, delimiter, style, end)
    expected = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    with chunks_of(delimited, chunk):
        found = read(text, len(table[0]), delimiter)
    assert rows_of(found) == expected == table
    assert [number for number, _ in found.numbered] == list(range(1, len(table) + 1))
    assert found.rejects == []


@given(tables(one_line), STYLES, ENDS, st.floats(0, 1))
def test_a_table_that_breaks_off_keeps_its_beginning(table, style, end, share):
    """The rows before come out; what is left of the last one is rejected, or looks whole."""
    text = written(table, ",", style, end)
    rest = text[: int(share * len(text))]
    complete = rest.count(end)
    found = read(rest, len(table[0]))
    assert rows_of(found)[:complete] == table[:complete]
    assert len(found.rows) + len(found.rejects) <= complete + 1


messy = st.text('a1,"\n\r;é', max_size=40)


@given(messy | st.binary(max_size=40), st.integers(1, 4), CHUNKS, st.sampled_from([8, 20, 1 << 20]))
def test_any_bytes_are_rows_or_rejects_wherever_a_read_ends(text, width, chunk, longest):
    """Not one record is lost, doubled or raised about; and the size of a read decides nothing."""
    document = text if isinstance(text, bytes) else text.encode()
    with longest_record(longest):
        whole = read(document, width)
        with chunks_of(delimited, chunk):
            found = read(document, width)
    assert (found.numbered, found.rejects) == (whole.numbered, whole.rejects)
    numbers = sorted([number for number, _ in found.numbered] + [reject.row for reject in found.rejects])
    assert numbers == list(range(1, len(numbers) + 1))


@contextmanager
def longest_record(size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_LONGEST_RECORD", size)
        yield


records = st.lists(
    st.text('a1,"\r;é', min_size=1, max_size=12).map(str.encode)
    | st.sampled_from([b"a,b", b'"a",b', b'"a\nb",c', b"\xff,a", b'"a"x,b', b'a"b,c', b"1,2\r1", b'x"\n"y,z', b"\r,"]),
    max_size=8,
).map(delimited._without_blank)


@given(records, st.integers(1, 3))
def test_parsing_together_is_parsing_singly(raw, width):
    """The fast way says None or exactly what the definition says, whatever stands beside a record."""
    layout = Layout(format="delimited")
    names = [f"c{place}" for place in range(width)]
    numbers, apart = delimited._sort_out(raw, names, layout)
    together = delimited._parse_together(raw, numbers, names, layout)
    assert not set(delimited._parse_singly(raw, range(len(raw)), names, layout)["_number"]) - {*numbers, *apart}
    if together is not None:
        assert together.equals(delimited._parse_singly(raw, numbers, names, layout))
    elif all(b"\r" not in record and record.isascii() for record in raw):
        pytest.fail("only line ends and wrong bytes may slow the parsing down")


_FIELDS = [
    '"Monitor, wide"',
    '24" screen',
    '27" box',
    '"says ""hi"""',
    "a plain text of some length",
    "",
    "999.00",
    '"',
    '"x" y',
]


@given(
    st.integers(2, 6).flatmap(
        lambda width: st.lists(
            st.lists(st.sampled_from(_FIELDS), min_size=width, max_size=width), min_size=1, max_size=12
        )
    )
)
@example(
    [["A1", '"Monitor, wide"', '24" screen', '27" box', "999.00", "7"], *[["B", "Thing", "s", "b", "5.00", "1"]] * 8]
)
def test_quotes_inside_plain_fields_shift_no_column(rows):
    """Whatever stands beside a field, each record comes out as by itself, in its order, or is rejected."""
    layout = Layout(format="delimited")
    names = [f"c{place}" for place in range(len(rows[0]))]
    raw = [",".join(row).encode() for row in rows]
    fresh = Fresh(raw, np.arange(len(raw)), KnownRecords().digests(raw, 0), 0)
    batch = delimited._parse(fresh, names, layout)
    singly = delimited._parse_singly(raw, range(len(raw)), names, layout)
    assert batch.table.select(names).rows() == singly.select(names).rows()
    assert batch.table[ROW].to_list() == singly["_number"].to_list()
    assert [reject.row for reject in batch.rejects] == sorted(set(range(len(raw))) - set(singly["_number"]))


stray = st.sampled_from(['"5 inch{}', '5 inch"{}', '{}"x', '{},"5', '"{}" x', '""{}"x', '"{}'])


@given(tables(plain, narrowest=4), st.dictionaries(st.integers(0, 8), st.tuples(stray, st.integers(0, 3)), max_size=3))
def test_stray_quotes_never_touch_another_row(table, strays):
    """Bad lines are put in between, no two beside each other; every good row comes out, with its number."""
    lines: list[tuple[str, list[str] | None]] = []
    for place, row in enumerate(table):
        if place in strays:
            text, commas = strays[place]
            lines.append((text.format("," * commas), None))
        lines.append((",".join(row), row))
    found = read("\n".join(text for text, _ in lines), len(table[0]))
    by_number = {number: list(row.values()) for number, row in found.numbered}
    for number, (_, row) in enumerate(lines, start=1):
        if row is not None:
            assert by_number[number] == row


def entries(found):
    """Row number, digest and row or reject of everything that was read, in the file's order."""
    rows = [
        (number, tuple(digest), row)
        for (number, row), digest in zip(found.numbered, found.digests.tolist(), strict=True)
    ]
    return sorted(rows + [(reject.row, reject.digest, reject) for reject in found.rejects], key=lambda entry: entry[0])


def remembered(found):
    """A memory of everything that was read, rejected rows too, as the lake keeps it."""
    digests = np.array([digest for _, digest, _ in entries(found)], np.uint64).reshape(-1, 2)
    return KnownRecords(digests[:, 0], digests[:, 1])


lines = st.lists(st.sampled_from(["a,1", "b,2", "c,3", '"d\n",4', "e", '"f,6', 'g"x,7', "", "h,é", "\r"]), max_size=12)


@given(lines, lines, CHUNKS)
def test_only_what_is_new_is_parsed_and_keeps_its_row(before, after, chunk):
    """Reading with a memory of an earlier version = reading all of it, less the first of each known record."""
    earlier, whole = read("\n".join(before), 2), read("\n".join(after), 2)
    with chunks_of(delimited, chunk):
        found = read("\n".join(after), 2, known=remembered(earlier))
    old, passed, parsed = {digest for _, digest, _ in entries(earlier)}, set(), []
    for entry in entries(whole):
        if entry[1] in old and entry[1] not in passed:
            passed.add(entry[1])
        else:
            parsed.append(entry)
    assert entries(found) == parsed
    assert found.known == len(passed)


def test_a_changed_heading_or_layout_makes_nothing_known():
    body = "A,1\nB,2\n"
    layout = Layout(format="delimited")
    memory = Reading(FORMAT, f"sku,cost\n{body}".encode(), layout).remembered
    assert Reading(FORMAT, f"sku,cost\n{body}".encode(), layout, memory()).known == 2
    assert Reading(FORMAT, f"sku,list\n{body}".encode(), layout, memory()).known == 0
    assert Reading(FORMAT, f"sku,cost\n{body}".encode(), layout.model_copy(update={"quote": ""}), memory()).known == 0
    declared = layout.model_copy(update={"encoding": "windows-1254"})
    assert Reading(FORMAT, f"sku,cost\n{body}".encode(), declared, memory()).known == 2, "the bytes are UTF-8 by now"
