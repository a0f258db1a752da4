"""Real feeds with known counts and sums, and the collections of hostile input."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from commerce.errors import Permanent
from connectors.feeds.detect import detect
from connectors.feeds.formats.json import FORMAT as JSON
from connectors.feeds.formats.ndjson import FORMAT as NDJSON
from connectors.feeds.formats.xlsx import FORMAT as XLSX
from connectors.feeds.formats.xml import FORMAT as XML
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO
from connectors.feeds.reading import read
from tests.connectors.feeds.records import Reading, rows_of


def rows(*paths):
    batches = [batch for _, batch in read(paths, None, KnownRecords())]
    assert not any(batch.rejects for batch in batches)
    return [row for batch in batches for _, row in rows_of(batch)]


def test_turkish_shop_feed(shared_data):
    path = shared_data / "catalog/enduromarket_urunler.xml"
    assert detect(path)[0].layout == Layout(format="xml", record_path="root/urun")
    found = rows(path)
    assert len(found) == 22
    assert sum(Decimal(row["SatisFiyati1"].replace(",", ".")) for row in found) == Decimal("806.0169")
    assert sum(int(row["Envanter"]) for row in found) == 235
    assert Counter(row["SatisFiyati1ParaBirimi"] for row in found) == {"EURO": 21, "TL": 1}
    assert found[1]["StokKodu"] == "Sarı 22mm Gidon Accel"
    assert found[0]["Detay"].startswith('<table cellpadding="4"')


@pytest.mark.parametrize(
    ("state", "count", "total"),
    [
        ("20260712", 492, "11305.73"),
        ("20260715a", 486, "11173.73"),
        ("20260715b", 486, "11173.73"),
        ("20260722", 486, "11173.73"),
    ],
)
def test_google_feed(shared_data, state, count, total):
    found = rows(shared_data / f"catalog/opispot_google_feed_{state}.xml.gz")
    assert len({row["id"] for row in found}) == len(found) == count
    assert sum(Decimal(row["price"].removesuffix(" USD")) for row in found) == Decimal(total)
    assert len({row["item_group_id"] for row in found}) == 23


def test_google_feed_again_gives_only_what_changed(shared_data):
    folder = shared_data / "catalog"
    first, second = (folder / f"opispot_google_feed_{state}.xml.gz" for state in ("20260712", "20260715a"))
    (before,) = [batch.table for _, batch in read([first], None, KnownRecords())]
    known = KnownRecords(before[DIGEST_HI].to_numpy(), before[DIGEST_LO].to_numpy())
    (after,) = [batch for _, batch in read([second], None, known)]
    assert (after.known, len(after.table)) == (486 - 324, 324)
    assert len(known.absent()[0]) == 492 - after.known


def test_sparse_catalog_in_four_archives(shared_data):
    paths = [shared_data / f"catalog/icecat_products_{number}.json.zip" for number in (1, 2, 3, 4)]
    tables = [batch.table for _, batch in read(paths, None, KnownRecords())]
    assert max(table.width for table in tables) < 120
    found = rows(*paths)
    assert len(found) == 19_406
    assert sum(len(json.loads(row["ean"])) > 1 for row in found) == 5374
    assert sum(int(row["price"]) for row in found) == 447_178_060
    assert len({row["supplier"] for row in found}) == 161
    assert len({name for row in found for name in row}) == 5366
    assert found[0]["attr_n_black_toner_page_yield"] == "23000.0"


def test_workbooks(shared_data):
    toys = rows(shared_data / "catalog/maven_toys_products.xlsx")
    assert len(toys) == 37
    assert toys[0] == {
        "Product_ID": "1", "Product_Name": "Action Figure", "Product_Category": "Toys", "Product_Cost": "$9.99 ",
        "Product_Price": "$15.99 ",
    }  # fmt: skip
    sales = rows(shared_data / "orders/adventureworks_sales_2017.xlsx")
    assert len(sales) == 2630
    assert {len(row["OrderDate"]) for row in sales} <= {8, 9, 10}


def test_central_bank_bulletin_in_iso_8859_9(shared_data):
    found = rows(shared_data / "fx/tcmb_2015-12-04.xml")
    assert len(found) == 18
    assert found[2]["Isim"] == "DANİMARKA KRONU"
    assert "CrossRateOther" not in found[0]


def test_lines_of_nested_objects(shared_data):
    found = rows(shared_data / "security/nginx_plus_status.ndjson.gz")
    assert len(found) == 500
    last = json.loads(found[-1]["requests"]) if "requests" in found[-1] else {}
    assert last.get("total", 18_882_283) == 18_882_283


@pytest.mark.parametrize("name", ["xmlbomb", "xmlbomb2", "quadratic", "cyclic", "external", "external_file", "dtd"])
def test_xml_attacks_are_refused(shared_data, name):
    document = (shared_data / f"conformance/xml-attacks/{name}.xml").read_bytes()
    for path in ("bomb", "root/bomb", "html/body"):
        with pytest.raises(Permanent, match=r"entity|web page|record_path"):
            Reading(XML, document, Layout(format="xml", record_path=path))


@pytest.mark.parametrize("name", ["simple", "simple-ns"])
def test_harmless_xml_is_read(shared_data, name):
    document = (shared_data / f"conformance/xml-attacks/{name}.xml").read_bytes()
    assert Reading(XML, document, Layout(format="xml", record_path="root/element")).rows == [
        {"@key": "value", "#text": "text"},
        {"#text": "text"},
    ]


def test_naughty_strings_as_titles(shared_data):
    titles = json.loads((shared_data / "conformance/blns.json").read_text("utf-8"))
    assert len(titles) > 480
    lines = "\n".join(json.dumps({"id": number, "title": title}) for number, title in enumerate(titles))
    assert [row["title"] for row in Reading(NDJSON, lines.encode(), Layout(format="ndjson")).rows] == titles
    array = json.dumps(
        [{"id": number, "title": title} for number, title in enumerate(titles)], ensure_ascii=False, indent=1
    )
    assert [row["title"] for row in Reading(JSON, array.encode(), Layout(format="json")).rows] == titles

    in_xml = [title for title in titles if all(char >= " " or char in "\t\n" for char in title)]
    assert len(in_xml) > 475
    written = "".join(f"<p><id>{number}</id><title>{escaped(title)}</title></p>" for number, title in enumerate(in_xml))
    reading = Reading(XML, f"<r>{written}</r>".encode(), Layout(format="xml", record_path="r/p"))
    assert [row.get("title", "") for row in reading.rows] == [title.strip() for title in in_xml]

    cells = [json.dumps({"id": str(number), "title": title}) for number, title in enumerate(in_xml)]
    found = Reading(XLSX, XLSX.restore(cells, Layout(format="xlsx")), Layout(format="xlsx")).rows
    assert [row.get("title", "") for row in found] == in_xml


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
