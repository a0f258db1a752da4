"""NDJSON: a line is a record, whatever stands in the lines beside it."""

import io

from connectors.feeds.formats.ndjson import FORMAT
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout

LAYOUT = Layout(format="ndjson")


def test_numbers_keep_their_text_and_lists_are_json():
    feed = b'{"sku": "a", "price": 19.90, "ean": ["1", "2"], "big": 123456789012345678901234567890}\n'
    (row,) = (row for batch in FORMAT.read(io.BytesIO(feed), LAYOUT, KnownRecords()) for row in batch.table.to_dicts())
    assert (row["sku"], row["price"], row["big"]) == ("a", "19.90", "123456789012345678901234567890")
    assert row["ean"] == '["1","2"]'


def test_a_bad_line_is_rejected_with_its_text_and_the_others_are_read():
    feed = b'{"sku": "a"}\n{"sku": \n\n{"sku": "b"}'
    batches = list(FORMAT.read(io.BytesIO(feed), LAYOUT, KnownRecords()))
    assert [(row["_row"], row["sku"]) for batch in batches for row in batch.table.to_dicts()] == [(1, "a"), (3, "b")]
    assert [(reject.row, reject.raw.strip()) for batch in batches for reject in batch.rejects] == [(2, '{"sku":')]
