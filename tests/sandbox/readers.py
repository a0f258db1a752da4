"""Reads the sandbox's feeds back with other tools than wrote them: one dict of texts per record, bad rows included."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import python_calamine
from lxml import etree

Record = dict[str, str]
_GOOGLE = "{http://base.google.com/ns/1.0}"


def read_ideasoft(path: Path) -> list[Record]:
    return [{child.tag: child.text or "" for child in item} for item in etree.parse(path).getroot()]


def read_ticimax(path: Path) -> list[Record]:
    records = []
    for card in etree.parse(path).getroot().iterfind("Urunler/Urun"):
        own = {child.tag: child.text or "" for child in card if not len(child)}
        for variant in card.iterfind("UrunSecenek/Secenek"):
            options = {option.get("Tanim"): option.get("Deger") for option in variant.iter("Ozellik")}
            records.append(own | {child.tag: child.text or "" for child in variant if not len(child)} | options)
    return records


def read_turkish_csv(path: Path) -> list[Record]:
    with path.open(encoding="cp1254", errors="replace", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    return [
        dict(enumerate(row)) if len(row) != len(rows[0]) else dict(zip(rows[0], row, strict=True)) for row in rows[1:]
    ]


def read_merchant_rss(path: Path) -> list[Record]:
    items = etree.parse(path).getroot().iterfind("channel/item")
    return [{child.tag.removeprefix(_GOOGLE): child.text or "" for child in item} for item in items]


def read_ndjson(path: Path) -> list[Record]:
    records = []
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            records.append(json.loads(line, parse_float=str, parse_int=str))
        except json.JSONDecodeError:
            records.append({"broken": line})
    return records


def read_json_array(path: Path) -> list[Record]:
    return json.loads(gzip.decompress(path.read_bytes()), parse_float=str, parse_int=str)


def read_xlsx(path: Path) -> list[Record]:
    heading, *rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return [dict(zip(heading, map(str, row), strict=True)) for row in rows]


READERS: dict[str, tuple[Callable[[Path], list[Record]], str, str]] = {
    "ideasoft": (read_ideasoft, "stockCode", "price1"),
    "ticimax": (read_ticimax, "StokKodu", "SatisFiyati"),
    "turkish-csv": (read_turkish_csv, "Stok Kodu", "Satış Fiyatı"),
    "merchant-rss": (read_merchant_rss, "id", "price"),
    "ndjson": (read_ndjson, "sku", "price"),
    "json-array": (read_json_array, "productCode", "salesPrice"),
    "xlsx": (read_xlsx, "Ürün Kodu", "Liste Fiyatı"),
}
"""Reader, field of the supplier's code and field of the list price by dialect."""


def by_code(records: list[Record], code: str) -> dict[str, Record]:
    """Records by the supplier's code; those without one are left out."""
    return {record[code]: record for record in records if record.get(code)}
