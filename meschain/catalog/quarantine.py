"""Use cases on quarantined rows: list them, and read them again after the profile was mended."""

import io
from collections import defaultdict
from typing import Any

import msgspec
import polars as pl

from commerce.errors import Refused
from connectors.feeds.detect import find_formats
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.protocol import DIGEST_HI, DIGEST_LO, ROW
from meschain.access.scopes import Scopes
from meschain.catalog.context import Catalog
from meschain.catalog.gate import Measures, judge
from meschain.catalog.normalise import Normaliser
from meschain.catalog.offers import visible_suppliers
from meschain.catalog.profile import FeedProfile
from meschain.catalog.runs import OpenRun, open_run
from meschain.catalog.staging import Staged, no_rows
from meschain.catalog.suppliers import current_profile
from meschain.catalog.sync import Prepared, counts_of, end_run, open_delta
from meschain.catalog.tables import Run, Supplier
from warehouse import quarantine
from warehouse.delta import Delta, Staging
from warehouse.quarantine import Place


def list_quarantine(
    catalog: Catalog, supplier: Supplier | None = None, reason: str | None = None, limit: int = 20
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Open entries, newest first, and how many there are by supplier, field and reason."""
    with catalog.lake.read() as connection:
        slug = supplier.slug if supplier else None
        return quarantine.entries(connection, slug, reason, limit), quarantine.reasons(connection, slug)


def list_entries(
    catalog: Catalog,
    supplier: str | None = None,
    reason: str | None = None,
    *,
    scopes: Scopes | None = None,
    after: Place | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Open entries, newest first, beginning after a place; with `scopes`, of suppliers that may be seen."""
    seen = visible_suppliers(catalog, scopes)
    if seen == []:
        return []
    with catalog.lake.read() as connection:
        return quarantine.entries(connection, supplier, reason, limit, suppliers=seen, after=after)


def count_reasons(
    catalog: Catalog, supplier: str | None = None, *, scopes: Scopes | None = None
) -> list[dict[str, Any]]:
    """How many open entries there are by supplier, scope, field and reason; with `scopes`, as `list_entries`."""
    seen = visible_suppliers(catalog, scopes)
    if seen == []:
        return []
    with catalog.lake.read() as connection:
        return quarantine.reasons(connection, supplier, suppliers=seen)


def retry_quarantine(catalog: Catalog, supplier: Supplier, *, run_id: str | None = None) -> Run:
    """Read the supplier's quarantined rows again, only those, by its present profile; absence means nothing here."""
    current = current_profile(catalog, supplier)
    if current is None:
        raise Refused(f"{supplier.slug} has no profile yet: nothing was ever read of it.")
    stored, profile = current
    with open_run(catalog, supplier, "retry", run_id=run_id) as run, open_delta(run) as delta:
        prepared = _prepare(run, delta, stored.id, profile)
        return end_run(run, delta, run.base.files if run.base else [], prepared, "retry", "")


def _prepare(run: OpenRun, delta: Delta, profile_id: str, profile: FeedProfile) -> Prepared:
    normalise = Normaliser(profile, run.catalog.currency)
    staged = Staged()
    entries = quarantine.retryable(delta.connection, run.supplier.slug)
    with delta.staging() as staging:
        staging.add(*no_rows())
        for (kind, source_file), rows in _grouped(entries).items():
            _stage(staging, source_file, _source(kind, rows, profile.layout), rows, normalise, staged)
    digests = pl.DataFrame(entries, schema=quarantine.RETRYABLE).select(DIGEST_HI, DIGEST_LO).unique()
    delta.mark_absent(digests[DIGEST_HI].to_numpy(), digests[DIGEST_LO].to_numpy())
    delta.refuse_duplicates()
    measures = Measures.model_validate(delta.compare(complete=False))
    measures = measures.model_copy(update={"known_accepted": 0, "known_refused": 0})
    # That none of them can be read yet says nothing about the feed, which was judged when it came.
    findings = [finding for finding in judge(measures, profile.gate) if finding.rule != "nothing_accepted"]
    return Prepared(measures, findings, profile_id, counts_of(measures, staged))


def _grouped(entries: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        groups[entry["raw_kind"], entry["source_file"]].append(entry)
    return groups


def _source(kind: str, rows: list[dict[str, Any]], layout: Layout | None) -> pl.DataFrame:
    """The quarantined rows as a format would give them, in their order; rows cut to text are cut again."""
    service = [{ROW: row[ROW], DIGEST_HI: row[DIGEST_HI], DIGEST_LO: row[DIGEST_LO]} for row in rows]
    schema = {ROW: pl.Int64(), DIGEST_HI: pl.UInt32(), DIGEST_LO: pl.UInt64()}
    if kind == "fields":
        cells = [msgspec.json.decode(row["raw"]) for row in rows]
        names = dict.fromkeys(name for row in cells for name in row)
        texts = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), infer_schema_length=None)
        return pl.concat([texts, pl.DataFrame(service, schema=schema)], how="horizontal")
    if layout is None:
        return pl.DataFrame(schema=schema)
    form = find_formats()[layout.format]
    frames = []
    for row, own in zip(rows, service, strict=True):
        feed = io.BytesIO(form.restore([row["raw"]], layout))
        own_columns = [pl.lit(value).cast(schema[name]).alias(name) for name, value in own.items()]
        frames += [batch.table.with_columns(own_columns) for batch in form.read(feed, layout, KnownRecords())]
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema=schema)


def _stage(
    staging: Staging,
    source_file: str,
    source: pl.DataFrame,
    rows: list[dict[str, Any]],
    normalise: Normaliser,
    staged: Staged,
) -> None:
    normalised = normalise(source)
    file = pl.lit(source_file).alias("source_file")
    again = {(row[ROW], row[DIGEST_LO]) for row in rows} - set(source.select(ROW, DIGEST_LO).iter_rows())
    kept = [
        {name: row[name] for name in normalised.refusals.columns} for row in rows if (row[ROW], row[DIGEST_LO]) in again
    ]
    refusals = pl.concat([normalised.refusals, pl.DataFrame(kept, schema=normalised.refusals.schema)])
    staging.add(
        normalised.offers.with_columns(pl.col(ROW).alias("_place"), file),
        refusals.with_columns(file),
    )
    staged.rows += len(rows)
    staged.parsed += len(source)
    staged.notes.update(normalised.notes)
