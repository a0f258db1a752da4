"""A tenant's catalog on a real store and lake, with short words for what the tests do over and over."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from commerce.errors import MesChainError
from meschain.catalog import sync
from meschain.catalog.context import Catalog
from meschain.catalog.profile import FeedProfile, parse_profile
from meschain.catalog.suppliers import ensure_supplier, save_profile
from meschain.catalog.tables import Run, Supplier
from meschain.settings import Settings
from meschain.wiring import House

Row = Mapping[str, object]
COLUMNS = (
    "tenant, supplier, supplier_sku, gtin, gtins, mpn, title, brand, category, description, cost, list_price, "
    "currency, vat_rate, vat_included, stock, stock_kind, weight_g, length_cm, width_cm, height_cm, desi, image_urls, "
    "attributes, variant_group, status, missing_since, run_id, source_file, row_number, updated_at"
)
"""Every column of core.offers."""


class Shop:
    """One tenant's catalog. Reads go through one connection that stays open: it always sees the newest snapshot."""

    def __init__(self, catalog: Catalog, reader: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.catalog = catalog
        self._reader = reader
        self._folder = folder

    def supplier(self, slug: str = "acme") -> Supplier:
        """The supplier, made if it is not there."""
        return ensure_supplier(self.catalog, slug)

    def profile(self, body: Mapping[str, Any], slug: str = "acme") -> FeedProfile:
        """Declare the supplier's profile from now on."""
        profile = parse_profile(body, "the test's profile")
        save_profile(self.catalog, self.supplier(slug), profile, "declared")
        return profile

    def file(self, rows: Sequence[Row] | str | bytes, name: str = "feed.csv") -> Path:
        """A file with these rows as CSV (or this text, these bytes)."""
        path = self._folder / name
        data = rows if isinstance(rows, bytes) else (rows if isinstance(rows, str) else as_csv(rows)).encode()
        path.write_bytes(data)
        return path

    def sync(self, rows: Sequence[Row] | str | bytes, slug: str = "acme", *, force: bool = False) -> Run:
        """Bring these rows in as the supplier's whole feed."""
        return self.sync_files([self.file(rows)], slug, force=force)

    def sync_files(self, paths: Sequence[Path], slug: str = "acme", *, force: bool = False) -> Run:
        """Bring these files in as the supplier's whole feed."""
        return sync.sync_files(self.catalog, self.supplier(slug), paths, lambda _rows: None, force=force)

    def refusal(self, paths: Sequence[Path], slug: str = "acme") -> str:
        """What the supplier's sync of these files is refused with. The error, and what it holds open, is let go."""
        try:
            run = self.sync_files(paths, slug)
        except MesChainError as error:
            return f"{type(error).__name__}: {error}"
        raise AssertionError(f"not refused but {run.status}")

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query over the lake as it is now."""
        return self._reader.execute(query, values).fetchall()

    def offers(self, columns: str = COLUMNS, slug: str = "acme") -> dict[str, Any]:
        """The supplier's offers by their code: one value, or a tuple of the columns named."""
        query = f"SELECT supplier_sku, {columns} FROM core.offers WHERE supplier = ?"
        found = self.ask(query, slug)
        return {row[0]: row[1] if len(row) == 2 else row[1:] for row in found}


@contextmanager
def open_shop(home: Path, tenant: str, folder: Path, *, threads: int = 1) -> Iterator[Shop]:
    """The tenant's shop in a home that may be there already. A few rows cost least on one thread."""
    house = House(Settings.model_validate({"home": home, "lake": {"threads": threads}}))
    try:
        house.set_up()
        catalog = house.catalog(house.tenant(tenant, create=True))
        with catalog.lake.connect(read_only=True) as reader:
            yield Shop(catalog, reader, folder)
    finally:
        house.close()


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as comma-separated text; a value of None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def goods(count: int, **columns: object) -> list[dict[str, object]]:
    """`count` rows with codes A001, A002 … and different titles and prices; a callable column is given the number."""
    return [
        {
            "sku": f"A{number:03d}",
            "title": f"Thing {number}",
            "price": f"{number}.50",
            "currency": "TRY",
            "stock": number,
            **{name: value(number) if callable(value) else value for name, value in columns.items()},
        }
        for number in range(1, count + 1)
    ]
