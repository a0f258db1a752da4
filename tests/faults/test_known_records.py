"""Passing over known records is a short cut only: it comes to the same as reading every row of every feed."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from meschain.catalog import decisions, sync
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile, parse_profile
from meschain.catalog.suppliers import ensure_supplier, save_profile
from meschain.catalog.tables import Run
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.faults.states import opened

pytestmark = pytest.mark.acceptance

COUNTS = ("read", "accepted", "quarantined", "new", "changed", "unchanged", "missing", "deleted")
LINEAGE = "supplier, run_id, source_file, row_number, updated_at, missing_since"
OPEN = {"gate": dict.fromkeys(("row_loss", "price_changes", "price_loss", "out_of_stock", "duplicates"), 1)}
CSV = {
    "layout": {"format": "delimited", "delimiter": ";"},
    "fields": {name: {"from": [name]} for name in ("supplier_sku", "title", "list_price", "stock")},
    "currency": "TRY",
    "decimal": ".",
    "gate": {**OPEN["gate"], "least_rows": 10_000},
}
XML = {
    **CSV,
    "layout": {"format": "xml", "record_path": "feed/item", "variant_path": "variant"},
    "fields": {
        **{name: {"from": [f"variant/{name}"]} for name in ("supplier_sku", "list_price", "stock")},
        "title": {"from": ["title"]},
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a feed; key 0 is a blank one, price 0 is no number, 1 is negative."""

    key: int
    price: int
    title: int

    def cells(self) -> tuple[str, str, str, str]:
        price = ("n/a", "-5", "10.50", "12.00")[self.price]
        return ("" if self.key == 0 else f"K{self.key}", f"Thing {self.title}", price, "3")


ROWS = st.builds(Row, st.integers(0, 9), st.sampled_from([0, 1, 2, 2, 2, 3, 3]), st.integers(0, 1))
FEEDS = st.lists(ROWS, min_size=1, max_size=14)


@st.composite
def versions(draw: st.DrawFn) -> list[list[list[Row]]]:
    """Three feeds of the same supplier, each a list of records, each of those a list of variants.

    Records are kept, moved, repeated, dropped and made anew from one to the next.
    """
    known = draw(st.lists(st.lists(ROWS, min_size=1, max_size=3), min_size=1, max_size=12))
    feeds = [known]
    for _ in range(2):
        kept = draw(st.lists(st.sampled_from(known), max_size=12))
        new = draw(st.lists(st.lists(ROWS, min_size=1, max_size=3), max_size=4))
        feeds.append(draw(st.permutations(kept + new)) or known)
        known = known + new
    return feeds


def as_csv(records: list[list[Row]]) -> str:
    lines = [";".join(row.cells()) for record in records for row in record]
    return "\n".join(["supplier_sku;title;list_price;stock", *lines, ""])


def as_xml(records: list[list[Row]]) -> str:
    names = ("supplier_sku", "list_price", "stock")
    items = []
    for record in records:
        variants = []
        for row in record:
            sku, _, price, stock = row.cells()
            children = zip(names, (sku, price, stock), strict=True)
            variants.append(f"<variant>{''.join(f'<{name}>{text}</{name}>' for name, text in children)}</variant>")
        items.append(f"<item><title>Thing {record[0].title}</title>{''.join(variants)}</item>")
    return f"<feed>{''.join(items)}</feed>"


class Pair:
    """Two suppliers with the same feeds: of one, every row of every feed is read; of the other, only what is new."""

    def __init__(self, catalog: Catalog, lake: Any, folder: Path, profile: dict[str, Any]) -> None:
        self._catalog = catalog
        self._lake = lake
        self._file = folder / "feed"
        self._profile = profile
        name = new_id()
        self.suppliers = {kind: ensure_supplier(catalog, f"{kind}-{name}") for kind in ("short", "long")}

    def bring(self, feed: str, number: int) -> dict[str, Run]:
        self._file.write_text(feed, encoding="utf-8")
        runs = {}
        for kind, supplier in self.suppliers.items():
            # Another word for a quantity decides nothing here, and everything a digest stands for.
            words = {"stock_words": {f"none-{number}": "0"}} if kind == "long" else {}
            save_profile(self._catalog, supplier, self._read({**self._profile, **words}), "declared")
            runs[kind] = sync.sync_files(self._catalog, supplier, [self._file], lambda _rows: None)
        return runs

    def meaning(self, kind: str) -> tuple[Any, ...]:
        """What is known of the supplier, but not which run knows it from which row."""
        slug = self.suppliers[kind].slug
        of = f"WHERE supplier = '{slug}'"
        offers = f"SELECT * EXCLUDE ({LINEAGE}), missing_since IS NULL FROM core.offers {of} ORDER BY supplier_sku"
        refused = f"SELECT supplier_sku, scope, field, reason, value FROM raw.quarantine {of} AND state = 'open'"
        records = f"SELECT supplier_sku, accepted FROM raw.records {of}"
        return self._rows(offers), Counter(self._rows(refused)), Counter(self._rows(records))

    def everything(self) -> list[Any]:
        slug = self.suppliers["short"].slug
        relations = ("core.offers", "raw.records", "raw.quarantine")
        return [self._rows(f"FROM {relation} WHERE supplier = '{slug}' ORDER BY ALL") for relation in relations]

    def undo(self, run: Run) -> None:
        decisions.roll_back(self._catalog, run.id)

    def _rows(self, query: str) -> list[Any]:
        return self._lake.execute(query).fetchall()

    @staticmethod
    def _read(body: dict[str, Any]) -> FeedProfile:
        return parse_profile(body, "the test's profile")


@pytest.fixture(scope="module")
def house(furnished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Any, Path]]:
    folder = tmp_path_factory.mktemp("known")
    home = shutil.copytree(furnished_home, folder / "home")
    with opened(Settings.model_validate({"home": home, "lake": {"threads": 1}})) as (house, lake):
        yield house, lake, folder


_ONE, _TWO, _THREE = [Row(3, 2, 1), Row(6, 3, 0)], [Row(5, 1, 1), Row(1, 3, 0)], [Row(6, 2, 0), Row(2, 1, 1)]
LOSING = [[_ONE], [_ONE, _TWO, _THREE], [_ONE, _TWO, _THREE, [Row(4, 3, 0)]]]
"""A record of which one variant lost its key and another was refused comes again beside something new."""


@pytest.mark.parametrize(("write", "profile"), [(as_csv, CSV), (as_xml, XML)], ids=["csv", "xml"])
def test_passing_over_known_records_changes_nothing(house, write, profile, full_size: bool) -> None:
    opened_house, lake, folder = house
    catalog = opened_house.catalog(opened_house.tenant(None))

    @settings(max_examples=60 if full_size else 1, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(versions())
    @example(LOSING)
    def hold(feeds: list[list[list[Row]]]) -> None:
        pair = Pair(catalog, lake, folder, profile)
        states = []
        ended = []
        for number, records in enumerate(feeds):
            runs = pair.bring(write(records), number)
            counts = {kind: [run.counts[name] for name in COUNTS] for kind, run in runs.items()}
            assert counts["short"] == counts["long"]
            assert pair.meaning("short") == pair.meaning("long")
            states.append(pair.everything())
            ended.append(runs["short"])
        if ended[0].status == ended[1].status == "applied":
            pair.undo(ended[1])
            assert pair.everything() == states[0]

    hold()
