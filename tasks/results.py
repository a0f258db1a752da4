"""What a person reads about a run in the Prefect UI: pages, tables, links. No decisions."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import task
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from meschain.catalog.report import COUNTS
from tasks import policies
from tasks.jobs import Checked, Reported, Synced
from tasks.naming import artifact_key
from warehouse.invariants import Verdict

_REASONS = 15


@task(name="publish run", **policies.NONE)
async def publish_run(synced: Synced, checked: Checked | None) -> None:
    """Write down how a supplier's sync ended: counts, why it is held, what was quarantined, what to do."""
    if synced.run_id is None:
        return
    text = markdown(synced, checked)
    whose = (synced.tenant, synced.supplier)
    key, about = artifact_key("sync", *whose), f"{synced.supplier}: {synced.status}"
    await acreate_markdown_artifact(text, key=key, description=about)
    if checked is not None:
        key, page = artifact_key("quality", *whose), checked.page.as_uri()
        await acreate_link_artifact(page, key=key, link_text="Quality report", description=checked.headline)


@task(name="publish table", **policies.NONE)
async def publish_table(key: str, description: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows down as a table."""
    await acreate_table_artifact([dict(row) for row in rows], key=key, description=description)


@task(name="publish invariants", **policies.NONE)
async def publish_invariants(verdicts: Sequence[tuple[str, Verdict]]) -> None:
    """Write down every invariant, whether it holds, and what breaks it."""
    rows = [
        {
            "tenant": tenant,
            "invariant": verdict.rule,
            "holds": "yes" if verdict.holds else "NO",
            "offenders": "; ".join(
                ", ".join(f"{name} {value}" for name, value in row.items()) for row in verdict.offenders
            ),
            "seconds": verdict.seconds,
        }
        for tenant, verdict in sorted(verdicts, key=lambda pair: pair[1].holds)
    ]
    await acreate_table_artifact(rows, key="check-invariants", description="What must always be true")


@task(name="publish security report", **policies.NONE)
async def publish_security(report: Reported) -> None:
    """Write down what a tenant's security report says, and where its page lies."""
    key, page = artifact_key("security", report.tenant), artifact_key("security", report.tenant, "page")
    await acreate_markdown_artifact(report.text, key=key, description=f"Security report of {report.tenant}")
    await acreate_link_artifact(report.page.as_uri(), key=page, link_text="Security report")


def markdown(synced: Synced, checked: Checked | None) -> str:
    """The page about one run."""
    parts = [f"# {synced.supplier}: {synced.status}", _table([{name: synced.counts.get(name, 0) for name in COUNTS}])]
    parts.append(f"Run `{synced.run_id}`, {synced.seconds:.1f} s, peak {synced.peak_mb:.0f} MiB")
    if synced.status == "held":
        parts += [
            "## Held because",
            "\n".join(f"- {reason}" for reason in synced.reasons),
            _WHEN_HELD.format(run=synced.run_id),
        ]
    if synced.refused:
        parts += ["## Quarantined", _table(synced.refused[:_REASONS]), _WHEN_REFUSED.format(supplier=synced.supplier)]
    if checked is not None:
        parts += ["## Quality", f"{checked.headline.capitalize()}. The report: `{checked.page}`"]
    return "\n\n".join(parts)


_WHEN_HELD = (
    "Nothing has changed. Look with `meschain catalog diff {run}`, then `meschain catalog approve {run}` or "
    "`meschain catalog reject {run}`."
)
_WHEN_REFUSED = (
    "See the rows with `meschain catalog quarantine --supplier {supplier}`; when the profile is mended, "
    "`meschain catalog retry {supplier}` reads just these again."
)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")
