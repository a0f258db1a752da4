"""Runs and previews as people and programs read them. No decisions."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import yaml

from connectors.feeds.protocol import SERVICE_COLUMNS
from meschain.catalog.archive import FeedFile
from meschain.catalog.normalise import Normalised, Normaliser
from meschain.catalog.profile import FeedProfile
from meschain.catalog.sync import propose_for
from meschain.catalog.tables import Run

COUNTS = ("read", "accepted", "quarantined", "new", "changed", "unchanged", "missing", "deleted")
_PREVIEW_ROWS = 20


def summary(run: Run | None, tenant: str, supplier: str, *, error: str | None = None) -> dict[str, Any]:
    """A run as JSON: what it is, how it ended, its counts, the reasons why it is held or failed."""
    counts = run.counts if run else {}
    return {
        "run_id": run.id if run else None,
        "tenant": tenant,
        "supplier": supplier,
        "kind": run.kind if run else "sync",
        "status": run.status if run else "failed",
        **{name: counts.get(name, 0) for name in COUNTS},
        "withheld": counts.get("withheld", 0),
        "notes": counts.get("notes", {}),
        "seconds": run.seconds if run else None,
        "peak_mb": run.peak_mb if run else None,
        "reasons": [finding["message"] for finding in run.gate] if run else [],
        "error": error or (run.error if run else None),
        "files": run.files if run else [],
        "started_at": run.started_at if run else None,
        "finished_at": run.finished_at if run else None,
    }


def describe(run: Run, supplier: str) -> str:
    """A run in a few lines, with what to do next."""
    counts = run.counts
    lines = [f"{supplier}: {run.status} (run {run.id}, {run.seconds or 0:.1f} s)"]
    if counts:
        lines.append("  " + ", ".join(f"{counts.get(name, 0):,} {name}" for name in COUNTS))
    lines += [f"  held because {finding['message']}" for finding in run.gate if run.status == "held"]
    if run.status == "held":
        lines.append(f"  nothing was changed; look with `meschain catalog diff {run.id}`, then approve or reject it")
    if counts.get("quarantined") or counts.get("withheld"):
        lines.append(f"  not everything could be read; see `meschain catalog quarantine --supplier {supplier}`")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Preview:
    """A profile, the doubts about it, and the first rows as it reads them."""

    profile: FeedProfile
    preset: str | None
    doubts: list[str]
    normalised: Normalised
    columns: list[str]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What was noted in the shown rows, by field and reason."""
        return [
            {"field": field, "reason": reason, "rows": n}
            for (field, reason), n in sorted(self.normalised.notes.items())
        ]

    def profile_text(self) -> str:
        """The profile as YAML, ready to be edited and given back with --profile."""
        body = self.profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return yaml.safe_dump(body, allow_unicode=True, sort_keys=False)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        rows = self.normalised.offers.drop(SERVICE_COLUMNS).to_dicts()
        refused = self.normalised.refusals.drop("_digest_hi", "_digest_lo").to_dicts()
        return {
            "profile": self.profile.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "preset": self.preset,
            "certain": not self.doubts, "doubts": self.doubts, "warnings": self.warnings, "columns": self.columns,
            "offers": rows, "refused": refused,
        }  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """The main columns of the offers shown."""
        shown = self.normalised.offers.select(
            "supplier_sku",
            "gtin",
            pl.col("title").str.head(40),
            "brand",
            "cost",
            "list_price",
            "currency",
            "vat_rate",
            "stock",
        )
        return shown.to_dicts()

    def remarks(self) -> list[str]:
        """What was noted and refused in the rows shown, a sentence each."""
        noted = [
            f"{w['field']}: {w['reason'].replace('_', ' ')} in {w['rows']} of the rows shown" for w in self.warnings
        ]
        refused = self.normalised.refusals.iter_rows(named=True)
        return noted + [f"row {r['_row']}: {r['field']} {r['value']!r}: expected {r['expected']}" for r in refused]


def preview(files: list[FeedFile], profile: FeedProfile | None, currency: str | None) -> Preview:
    """The proposed (or given) profile and the feed's first 20 rows as it reads them."""
    proposal, sample = propose_for(files, profile.layout if profile else None)
    used = profile or proposal.profile
    normalised = Normaliser(used, currency)(sample.head(_PREVIEW_ROWS))
    columns = [name for name in sample.columns if name not in SERVICE_COLUMNS]
    return Preview(used, proposal.preset, [] if profile else proposal.doubts, normalised, columns)
