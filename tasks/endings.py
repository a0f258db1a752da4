"""The state in which a flow ends, in words for a person. A held run is an end in order; an error is one sentence."""

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from commerce.errors import MesChainError
from connectors.fx.bulletin import Bulletin
from meschain.audit.verification import Verdict as LogVerdict
from meschain.catalog.report import COUNTS
from meschain.pricing.bulletins import describe, reference
from tasks.jobs import Checked, Due, Synced
from tasks.pricing_jobs import Kept
from warehouse.invariants import Verdict

P = ParamSpec("P")


def told_in_a_sentence(
    flow: Callable[P, Coroutine[Any, Any, State[Any]]],
) -> Callable[P, Coroutine[Any, Any, State[Any]]]:
    """Let an error of ours end the flow as failed with its own sentence, instead of a class name and a traceback."""

    @wraps(flow)
    async def told(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        try:
            return await flow(*args, **kwargs)
        except MesChainError as error:
            return Failed(message=str(error))

    return told


def ending(synced: Synced, checked: Checked | None) -> State[Any]:
    """The state of a flow that synced one supplier. Held and skipped are ends in order, under their own name."""
    outcome = synced.model_dump(mode="json")
    match synced.status:
        case "held":
            return Completed(name="Held", message="Held: " + "; ".join(synced.reasons), data=outcome)
        case "skipped":
            return Completed(name="Skipped", message=f"Nothing was done: {synced.message}", data=outcome)
    counted = ", ".join(f"{synced.counts.get(name, 0):,} {name}" for name in COUNTS)
    message = f"{synced.status.capitalize()}: {counted}"
    if checked is not None and checked.verdict == "failed":
        return Failed(
            message=f"{message}. But what is in the lake is not sound: {checked.headline}, see {checked.page}"
        )
    return Completed(message=message, data=outcome)


def decided(run: Synced) -> State[Any]:
    """The state of a flow that carried out a decision."""
    return Completed(message=f"{run.supplier}: {run.status}", data=run.model_dump(mode="json"))


def tested(told: dict[str, Any]) -> State[Any]:
    """The state of a flow that tried a connection; doubts are an end in order, under their own name."""
    message = f"{told['bytes']:,} bytes of {told['format']} in {told['seconds']:.1f} s; {len(told['rows'])} rows shown"
    if told["doubts"]:
        return Completed(name="Doubtful", message=f"{message}. But {'; '.join(told['doubts'])}", data=told)
    return Completed(message=message, data=told)


def rows_of(ended: Sequence[tuple[Due, Synced | Exception]]) -> list[dict[str, Any]]:
    """What became of each supplier, for a table; `status` is `failed` when its sync raised something."""
    return [
        {
            "tenant": due.tenant,
            "supplier": due.supplier,
            "status": end.status if isinstance(end, Synced) else "failed",
            **{name: end.counts.get(name, 0) if isinstance(end, Synced) else 0 for name in COUNTS},
            "seconds": end.seconds if isinstance(end, Synced) else 0.0,
            "message": "; ".join([*end.reasons, end.message]).strip("; ") if isinstance(end, Synced) else str(end),
        }
        for due, end in ended
    ]


def overview(rows: Sequence[Mapping[str, Any]]) -> State[Any]:
    """The state of a flow that synced several suppliers: failed if one of them failed, as nobody else would tell."""
    failed = [row for row in rows if row["status"] == "failed"]
    tally = ", ".join(f"{number} {status}" for status, number in Counter(row["status"] for row in rows).items())
    message = f"{len(rows)} suppliers: {tally}" if rows else "No supplier was due"
    if failed:
        told = "; ".join(f"{row['supplier']}: {row['message']}" for row in failed)
        return Failed(message=f"{message}. {told}")
    return Completed(message=message, data={"suppliers": [dict(row) for row in rows]})


def soundness(verdicts: Sequence[tuple[str, Verdict]]) -> State[Any]:
    """The state of a flow that checked invariants: failed, naming those that are broken."""
    broken = [(tenant, verdict) for tenant, verdict in verdicts if not verdict.holds]
    if not broken:
        return Completed(message=f"All {len(verdicts)} invariants hold")
    told = "; ".join(f"{tenant}: {verdict.name} ({verdict.rule} {_first(verdict)})" for tenant, verdict in broken)
    return Failed(message=f"{len(broken)} of {len(verdicts)} invariants are broken. {told}")


def secured(verdict: LogVerdict, ended: Sequence[tuple[str, Exception | None]]) -> State[Any]:
    """The state of a flow that reported on security, by tenant: failed when the audit log was altered, or a report."""
    failed = "; ".join(f"{tenant}: {error}" for tenant, error in ended if error is not None)
    written = f"{sum(error is None for _, error in ended)} reports were written"
    if not verdict.ok:
        first = verdict.findings[0]
        found = len(verdict.findings) + verdict.untold
        return Failed(
            message=f"The audit log was altered: {found:,} findings, the first: {first.kind}, {first.where}. "
            f"{written}; see all with `meschain audit verify`. {failed}".strip()
        )
    whole = f"{written}; the audit log of {verdict.entries:,} entries is whole"
    return Failed(message=f"{whole}. {failed}") if failed else Completed(message=whole)


def rates_of(
    fetched: Sequence[tuple[str, Bulletin | Exception]],
    kept: Sequence[tuple[tuple[str, Bulletin], Kept | Exception]],
) -> list[dict[str, Any]]:
    """What became of each bulletin at each tenant; `status` is `failed` where something was raised."""
    rows = [
        {"tenant": None, "bulletin": source, "status": "failed", "message": str(found)}
        for source, found in fetched
        if isinstance(found, Exception)
    ]
    for (tenant, bulletin), end in kept:
        if isinstance(end, Kept):
            rows.append({**end.model_dump(mode="json"), "message": describe(end.findings)})
        else:
            told = {"bulletin": reference(bulletin), "status": "failed", "message": str(end)}
            rows.append({"tenant": tenant, **told})
    return rows


def jumps_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rates for which bulletins are held, for a table."""
    return [
        {"tenant": row["tenant"], "bulletin": row["bulletin"], **finding}
        for row in rows
        if row["status"] == "held"
        for finding in row["findings"]
    ]


def refreshed(rows: Sequence[Mapping[str, Any]]) -> State[Any]:
    """The state of a flow that fetched rates: held, saying why, if a bulletin is; failed if one could not be kept."""
    tally = ", ".join(f"{number} {status}" for status, number in Counter(row["status"] for row in rows).items())
    message = f"{len(rows)} bulletins: {tally}" if rows else "There is no tenant to keep rates for"
    told = {
        status: "; ".join(f"{_whose(row)}: {row['message']}" for row in rows if row["status"] == status)
        for status in ("failed", "held")
    }
    if told["failed"]:
        return Failed(message=". ".join([message, *filter(None, told.values())]))
    outcome = {"bulletins": [dict(row) for row in rows]}
    if told["held"]:
        return Completed(name="Held", message=f"Held: {told['held']}", data=outcome)
    return Completed(message=message, data=outcome)


def _whose(row: Mapping[str, Any]) -> str:
    return f"{row['bulletin']} for {row['tenant']}" if row["tenant"] is not None else str(row["bulletin"])


def _first(verdict: Verdict) -> str:
    values = ", ".join(f"{name} {value}" for name, value in verdict.offenders[0].items())
    return f"Not so: {values}"
