"""Feeds that attack or confuse a reader, through the whole import: refused or harmless, and kept to the letter."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import xlsxwriter

from commerce.errors import MesChainError
from tests.catalog.shop import Shop
from tests.connectors.loopback import Reply, serving
from warehouse.query import ask

_ATTACKS = ("cyclic", "dtd", "external", "external_file", "quadratic", "simple", "simple-ns", "xmlbomb", "xmlbomb2")
_BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Unicode calls white space: it is taken off the ends of a text."""

_ITEM = "<feed><item><sku>1</sku><title>{}</title></item></feed>"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _profile(record_path: str) -> dict[str, object]:
    fields = {"supplier_sku": {"from": ["sku"]}, "title": {"from": ["title"]}}
    return {"layout": {"format": "xml", "record_path": record_path}, "fields": fields}


@pytest.mark.parametrize("name", _ATTACKS)
def test_an_attacking_file_is_refused_or_harmless(bazaar: Shop, shared_data: Path, name: str) -> None:
    path = shared_data / "conformance" / "xml-attacks" / f"{name}.xml"
    slug = f"attack-{name.replace('_', '-')}"
    before = bazaar.ask("SELECT count(*) FROM core.offers")
    with pytest.raises(MesChainError, match=path.name):
        bazaar.sync_files([path], slug)
    assert bazaar.ask("SELECT count(*) FROM core.offers") == before


@pytest.mark.parametrize(
    "declaration",
    ['<!ENTITY e SYSTEM "{url}">', '<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY e "x">'],
    ids=["general", "parameter"],
)
def test_an_entity_reaches_neither_the_network_nor_a_file(bazaar: Shop, tmp_path: Path, declaration: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret", encoding="utf-8")
    with serving(lambda _: Reply(body=b"s3cret")) as server:
        for number, url in enumerate((server.url("/e"), secret.as_uri())):
            text = f"<!DOCTYPE feed [{declaration.format(url=url)}]>{_ITEM.format('&e;')}"
            slug = f"entity-{number}-{len(declaration)}"
            bazaar.profile(_profile("feed/item"), slug)
            with pytest.raises(MesChainError):
                bazaar.sync(text, slug)
            assert bazaar.offers("title", slug) == {}
        assert server.seen == []


def test_a_document_type_from_elsewhere_is_not_fetched(bazaar: Shop) -> None:
    with serving(lambda _: Reply(body=b"")) as server:
        bazaar.profile(_profile("feed/item"), "doctype")
        text = f'<!DOCTYPE feed SYSTEM "{server.url("/feed.dtd")}">{_ITEM.format("Bir")}'
        try:
            bazaar.sync(text, "doctype")
        except MesChainError:
            assert bazaar.offers("title", "doctype") == {}
        else:
            assert bazaar.offers("title", "doctype") == {"1": "Bir"}
        assert server.seen == []


def _as_csv(titles: list[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sku", "title", "stock"])
    writer.writerows([[f"{number}", title, "1"] for number, title in enumerate(titles)])
    return text.getvalue().encode()


def _as_ndjson(titles: list[str]) -> bytes:
    rows = ({"sku": str(number), "title": title, "stock": 1} for number, title in enumerate(titles))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _as_xml(titles: list[str]) -> bytes:
    carriage = {"\r": "&#13;"}
    items = "".join(
        f"<item><sku>{number}</sku><title>{escape(title, carriage)}</title><stock>1</stock></item>"
        for number, title in enumerate(titles)
    )
    return f"<?xml version='1.0' encoding='utf-8'?><feed>{items}</feed>".encode()


def _as_xlsx(titles: list[str]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_urls": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["sku", "title", "stock"])
        for number, title in enumerate(titles, 1):
            sheet.write_string(number, 0, str(number - 1))
            sheet.write_string(number, 1, title)
            sheet.write_number(number, 2, 1)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "write"),
    [("t.csv", _as_csv), ("t.ndjson", _as_ndjson), ("t.xml", _as_xml), ("t.xlsx", _as_xlsx)],
    ids=["csv", "ndjson", "xml", "xlsx"],
)
def test_naughty_strings_are_titles_like_any_other(
    bazaar: Shop, shared_data: Path, name: str, write: Callable[[list[str]], bytes]
) -> None:
    titles = json.loads((shared_data / "conformance" / "blns.json").read_text(encoding="utf-8"))
    if name in {"t.xml", "t.xlsx"}:
        titles = [title for title in titles if not _NOT_XML.search(title)]
    assert len(titles) > 450
    slug = f"naughty-{name.partition('.')[2]}"
    run = bazaar.sync_files([bazaar.file(write(titles), name)], slug)
    assert (run.status, run.counts["accepted"], run.counts["quarantined"]) == ("applied", len(titles), 0)
    _, rows = ask(bazaar.catalog.lake, f"SELECT supplier_sku, title FROM core.offers WHERE supplier = '{slug}'")
    kept = {int(sku): title for sku, title in rows}
    wrong = {
        number: (title, kept[number])
        for number, title in enumerate(titles)
        if kept[number] != (title.strip(_BLANKS) or None)
    }
    assert wrong == {}
