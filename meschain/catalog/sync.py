"""Use case: bring a supplier's feed into the lake. Fetch, keep, stage, judge, then apply or hold.

The steps are separate so that a flow can show them one by one; `sync_supplier` is all of them in a row.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from commerce.errors import Refused
from connectors.feeds.detect import detect
from connectors.feeds.known import KnownRecords
from connectors.feeds.layout import Layout
from connectors.feeds.reading import read
from connectors.sources.protocol import Validators
from meschain.catalog.archive import FeedFile, Kept, keep
from meschain.catalog.context import Catalog
from meschain.catalog.gate import Finding, Measures, judge
from meschain.catalog.normalise import Normaliser
from meschain.catalog.profile import FeedProfile
from meschain.catalog.proposal import Proposal, propose
from meschain.catalog.runs import OpenRun, held_run, open_run
from meschain.catalog.sources import fetch, recall, remember
from meschain.catalog.staging import Progress, Staged, stage_feed
from meschain.catalog.suppliers import current_profile, save_profile
from meschain.catalog.tables import Run, Supplier
from meschain.store.base import utc_now
from warehouse.changes import clear_suspicion
from warehouse.delta import Delta, DeltaKey, remove_delta

log = logging.getLogger(__name__)
_SAMPLE_ROWS = 20_000
_COUNTED = ("read", "accepted", "quarantined", "new", "changed", "unchanged", "missing", "deleted")
NO_COUNTS: dict[str, int] = dict.fromkeys(_COUNTED, 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A staged and judged delta."""

    measures: Measures
    findings: list[Finding]
    profile_id: str
    counts: dict[str, Any]


def sync_files(
    catalog: Catalog,
    supplier: Supplier,
    paths: Sequence[Path],
    progress: Progress,
    *,
    force: bool = False,
    run_id: str | None = None,
) -> Run:
    """Bring the files, together one feed, into the lake; gives the ended run (applied, held or unchanged).

    `force` reads the feed even if its bytes are those of the last good run.
    """
    with open_run(catalog, supplier, "sync", run_id=run_id) as run:
        return settle(run, keep(catalog, supplier, paths), progress, force=force)


def sync_source(
    catalog: Catalog, supplier: Supplier, progress: Progress, *, force: bool = False, run_id: str | None = None
) -> Run:
    """Fetch the supplier's feed from its source and bring it into the lake; gives the ended run."""
    with open_run(catalog, supplier, "sync", run_id=run_id) as run:
        hashes, known = recall(supplier)
        # "Not modified" must mean the feed that the lake holds, read as it would be read now.
        feed = fetch(catalog, supplier, known if not force and _is_last_good(run, hashes) else Validators())
        if feed is None:
            return end_unchanged(run, run.base.files if run.base else [])
        ended = settle(run, feed, progress, force=force)
        remember(catalog, supplier, feed)
        return ended


def settle(run: OpenRun, feed: Kept, progress: Progress, *, force: bool = False) -> Run:
    """Stage the kept feed and end the run."""
    if not force and _is_last_good(run, feed.hashes):
        return end_unchanged(run, feed.described())
    if not force and (held := _same_as_held(run, feed.hashes)):
        return held

    def tell(rows: int) -> None:
        progress(rows)
        run.report(rows)

    with open_delta(run) as delta:
        prepared = prepare(run, delta, feed, tell)
        return end_run(run, delta, feed.described(), prepared, "sync", feed.hash)


@contextmanager
def open_delta(run: OpenRun, *, snapshot: int | None = None) -> Iterator[Delta]:
    """The run's delta on a connection to the lake, its state at `snapshot` attached as `past`.

    The delta's files go when the run ends, unless it is held.
    """
    catalog = run.catalog
    path = catalog.delta_file(run.run_id)
    key = DeltaKey(catalog.tenant, run.supplier.slug, run.run_id, utc_now())
    with catalog.lake.connect(delta=path, snapshot=snapshot) as connection:
        yield Delta(catalog.lake, connection, key, path)
    if not run.held:
        remove_delta(path)


def _is_last_good(run: OpenRun, hashes: Sequence[str]) -> bool:
    """Whether the last good run is of these very bytes, read with the profile that holds now."""
    return run.base is not None and _would_repeat(run, run.base, hashes)


def _would_repeat(run: OpenRun, earlier: Run, hashes: Sequence[str]) -> bool:
    profile = current_profile(run.catalog, run.supplier)
    if earlier.kind != "sync" or profile is None or earlier.profile_id != profile[0].id:
        return False
    seed = profile[1].fingerprint(run.catalog.currency or "")  # another currency of the tenant: other prices
    return bool(earlier.counts.get("seed") == seed) and [file["hash"] for file in earlier.files] == hashes


def end_unchanged(run: OpenRun, files: list[dict[str, Any]]) -> Run:
    """End a run that found the feed of the last good run again: every accepted row is unchanged."""
    if held_run(run.catalog, run.supplier):  # what its feed left out is here after all
        with run.catalog.lake.connect() as connection:
            clear_suspicion(run.catalog.lake, connection, run.supplier.slug)
    counts = dict(run.base.counts) if run.base else {}
    counts |= {"new": 0, "changed": 0, "missing": 0, "deleted": 0, "unchanged": counts.get("accepted", 0), "parsed": 0}
    return run.end("unchanged", files=files, counts=counts, profile_id=run.base.profile_id if run.base else None)


def _same_as_held(run: OpenRun, hashes: Sequence[str]) -> Run | None:
    """Give back the run that waits for a decision on these very bytes, instead of holding them once more."""
    held = held_run(run.catalog, run.supplier)
    if held is None or held.base_run_id != (run.base and run.base.id) or not _would_repeat(run, held, hashes):
        return None
    run.discard()
    return held


def prepare(run: OpenRun, delta: Delta, feed: Kept, progress: Progress) -> Prepared:
    """Stage the feed in the run's delta, compare it with the lake and judge it."""
    catalog = run.catalog
    profile_id, profile = profile_for(catalog, run.supplier, feed.files)
    normalise = Normaliser(profile, catalog.currency)
    seed = profile.fingerprint(catalog.currency or "")
    staged = stage_feed(delta, feed.files, profile.layout, normalise, seed, catalog.max_bytes, progress)
    same_rules = run.base is not None and run.base.kind == "sync" and run.base.profile_id == profile_id
    measures = Measures.model_validate(delta.compare(complete=profile.absence.complete, other_rules=not same_rules))
    counts = {**counts_of(measures, staged), "seed": seed}
    return Prepared(measures, judge(measures, profile.gate), profile_id, counts)


def end_run(
    run: OpenRun, delta: Delta, files: list[dict[str, Any]], prepared: Prepared, kind: str, feed_hash: str
) -> Run:
    """Apply the delta, or hold it for a person when the gate found a reason."""
    supplier = run.supplier.slug
    columns: dict[str, Any] = {
        "files": files,
        "counts": prepared.counts,
        "profile_id": prepared.profile_id,
        "gate": [asdict(finding) for finding in prepared.findings],
    }
    if prepared.findings:
        delta.suspect(f"held {supplier} {run.run_id}")
        return run.end("held", **columns)
    run.note(**columns)
    before, after = delta.apply(lake_counts(prepared.counts, kind, feed_hash), f"{kind} {supplier} {run.run_id}")
    return run.end("applied", snapshot_before=before, snapshot_after=after)


def lake_counts(counts: Mapping[str, Any], kind: str, feed_hash: str) -> dict[str, Any]:
    """What the lake's own record of a run holds."""
    return {name: counts[name] for name in _COUNTED} | {"kind": kind, "feed_hash": feed_hash}


def profile_for(catalog: Catalog, supplier: Supplier, files: Sequence[FeedFile]) -> tuple[str, FeedProfile]:
    """The supplier's profile, or a proposal that leaves no doubt, which is saved; Refused when it leaves one."""
    if current := current_profile(catalog, supplier):
        return current[0].id, current[1]
    proposal, _ = propose_for(files)
    if not proposal.certain:
        doubts = "; ".join(proposal.doubts)
        raise Refused(
            f"{files[0].name} cannot be read without a profile: {doubts}. See `meschain catalog preview FILE`, "
            f"which proposes one, and save it with `--save --supplier {supplier.slug}`."
        )
    return save_profile(catalog, supplier, proposal.profile, "proposed").id, proposal.profile


def propose_for(files: Sequence[FeedFile], layout: Layout | None = None) -> tuple[Proposal, pl.DataFrame]:
    """A proposed profile for a feed, and the rows it was made from (at most 20,000)."""
    layout = layout or detect(files[0].path, name=files[0].name)[0].layout
    frames: list[pl.DataFrame] = []
    for _, batch in read([file.path for file in files], layout, KnownRecords(), names=[file.name for file in files]):
        frames.append(batch.table)
        if sum(map(len, frames)) >= _SAMPLE_ROWS:
            break
    sample = pl.concat(frames, how="diagonal").head(_SAMPLE_ROWS) if frames else pl.DataFrame()
    return propose(sample, layout), sample


def counts_of(measures: Measures, staged: Staged) -> dict[str, Any]:
    """The run's counts, with what was noted on the way: `notes` by field and reason, `withheld` values."""
    counts: dict[str, Any] = {name: getattr(measures, name) for name in _COUNTED}
    notes = {f"{field}:{reason}": count for (field, reason), count in sorted(staged.notes.items())}
    return {**counts, "withheld": measures.withheld, "parsed": staged.parsed, "notes": notes}
