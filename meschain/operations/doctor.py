"""What the state of an installation means, and how to mend it. Pure decisions over facts; `examination` gathers them.

ok        as it should be, or not there because nothing needed it yet
notice    works, but somebody should look
broken    does not work until somebody does something
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

State = Literal["ok", "notice", "broken"]

PYTHON = (3, 11)
_GIB = 1024**3
_LITTLE_SPACE = _GIB
_NO_SPACE = _GIB // 10
_FEW = 5
_CLOCK_SLACK = timedelta(minutes=2)
_EARLIEST = 2026
"""No clock that is right shows an earlier year than the one this was written in."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: of which part, in which state, in words, and what to do (empty if nothing)."""

    area: str
    state: State
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """How a supplier's feed stands (see `meschain.catalog.absence`), the run that is held, the last run's failure."""

    supplier: str
    state: Literal["fresh", "late", "held"]
    held_run: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class StagedDelta:
    """The staged files of a run: where they lie (a pattern), the run's status (None: no such run), their bytes."""

    place: Path
    run_id: str
    status: str | None
    bytes: int
    """0: there are none."""


def judge_python(version: tuple[int, ...]) -> Finding:
    """The interpreter's version."""
    written = ".".join(map(str, version[:3]))
    if version[:2] == PYTHON:
        return _ok("python", f"Python {written}")
    return _broken("python", f"Python {written}", "run MesChain with Python 3.11: `make setup` makes .venv")


def judge_home(home: Path, *, present: bool, writable: bool, free: int) -> Finding:
    """The data folder; `writable` and `free` (bytes) are those of the nearest folder that is there."""
    space = f"{free / _GIB:,.1f} GiB free"
    if not writable:
        return _broken("home", f"{home} cannot be written", "set MESCHAIN_HOME to a folder you may write")
    if free < _NO_SPACE:
        return _broken("home", f"{home}: {space}", "make room: no sync can be staged or written")
    if free < _LITTLE_SPACE:
        return _notice("home", f"{home}: {space}", "make room soon: a feed needs several times its size")
    return _ok("home", f"{home}: {space}" if present else f"{home} is not there yet: made when first needed")


def judge_half(why: str) -> Finding:
    """A data folder into which a backup was brought only in part."""
    return _broken("home", why, "give it the same backup; or use another MESCHAIN_HOME")


def judge_store(place: str, *, present: bool, revision: str | None, newest: str | None, error: str = "") -> Finding:
    """The operational store; `place` shows no password."""
    if error:
        return _broken("store", f"{place}: {error}", "see that it runs and that MESCHAIN_STORE__URL is right")
    if not present or revision is None:
        return _ok("store", f"{place} has no tables yet: the first command makes them")
    if revision == newest:
        return _ok("store", f"{place}, revision {revision}")
    if newest is not None and revision > newest:
        text = f"{place} is of revision {revision}, newer than this MesChain ({newest})"
        return _broken("store", text, "use the newer MesChain that wrote it")
    return _notice("store", f"{place} is of revision {revision}; the next command brings it to {newest}")


def judge_vault(place: str, *, present: bool, sealed: int, misfits: Mapping[str, str]) -> list[Finding]:
    """The keys of stored secrets; `misfits` says, by its place, why a secret does not open."""
    if not present:
        if sealed:
            text = f"{sealed} stored secrets, and no key: {place} is not there"
            return [_broken("vault", text, "bring the key file back, or set MESCHAIN_VAULT__KEY")]
        return [_ok("vault", f"{place} is not there yet: made with the first secret")]
    if not misfits:
        return [_ok("vault", f"{place} opens all of {sealed} stored secrets")]
    told = [f"the secret of {each}: {why}" for each, why in list(misfits.items())[:_FEW]]
    if len(misfits) > _FEW:
        told.append(f"{len(misfits) - _FEW} more of {sealed} stored secrets do not open")
    return [_broken("vault", text, "add the former key, or enter the secret anew") for text in told]


def judge_extensions(failures: Mapping[str, str | None]) -> list[Finding]:
    """The DuckDB extensions in their wheels: what went wrong with each, None if nothing did."""
    broken = [
        _broken("duckdb", f"{name}: {why}", "install the wheels of requirements.lock again: `make setup`")
        for name, why in failures.items()
        if why
    ]
    return broken or [_ok("duckdb", f"{', '.join(failures)} load from their wheels")]


def judge_http(timeout: float, max_bytes: int, *, private: bool) -> Finding:
    """How feeds are fetched."""
    text = f"a server may be silent for {timeout:g} s, a download may have {max_bytes / _GIB:,.1f} GiB"
    if private:
        remedy = "unset MESCHAIN_HTTP__ALLOW_PRIVATE_ADDRESSES unless feeds lie in your own network"
        return _notice("http", f"{text}, private addresses may be reached", remedy)
    return _ok("http", f"{text}, private addresses are refused")


def judge_prefect(url: str, *, given: bool, error: str | None) -> Finding:
    """The Prefect server; `given`: somebody named one that runs already."""
    if error is None:
        return _ok("prefect", f"a server answers at {url}")
    if given:
        remedy = "start it, or correct MESCHAIN_PREFECT__API_URL; unset it to have a server started here"
        return _broken("prefect", f"{url}: {error}", remedy)
    return _ok("prefect", f"no server runs at {url}: `meschain up` starts one")


def judge_api(url: str, *, live: bool, error: str | None) -> Finding:
    """The API's process; `live`: it answers at all, `error`: why it says that it cannot work."""
    if not live:
        return _ok("api", f"no API runs at {url}: `meschain up` starts one")
    if error is None:
        return _ok("api", f"the API answers at {url}")
    return _broken("api", f"the API at {url} cannot work: {error}", "see what is said of the store")


def judge_runners(names: Sequence[str], waiting: int) -> Finding:
    """The flow runners seen of late, and how many triggers wait for one."""
    if names:
        return _ok("flow runners", f"{', '.join(names)}: seen within half a minute")
    if waiting:
        text = f"none works, and what was asked for waits ({waiting})"
        return _notice("flow runners", text, "start one with `meschain up`")
    return _ok("flow runners", "none works: `meschain up` starts one")


def judge_lake(
    tenant: str, kind: str, *, imported: bool, place: str, holds: str | None = None, error: str = ""
) -> Finding:
    """A tenant's lake, its catalog in `kind`; `holds` says what it shows, None if it was not opened."""
    area = f"lake of {tenant}"
    if error:
        remedy = "bring its files back from a copy; until then nothing of this tenant can be read or synced"
        return _broken(area, f"{place} does not open: {error}", remedy)
    if holds is not None:
        return _ok(area, f"{holds}; catalog in {kind}, files in {place}")
    if imported:
        remedy = f"bring it back from a copy, or import the feeds of {tenant} anew with --force"
        return _broken(area, f"{place} is gone, although feeds were imported", remedy)
    return _ok(area, "not there yet: made with the first import")


def judge_feeds(tenant: str, feeds: Sequence[Feed]) -> list[Finding]:
    """The feeds of a tenant's suppliers: those that wait for somebody, or one word for all."""
    area = f"feeds of {tenant}"
    found: list[Finding] = []
    for feed in feeds:
        if feed.state == "held":
            look = f"look with `meschain catalog diff {feed.held_run} --tenant {tenant}`, then approve or reject it"
            found.append(_notice(area, f"{feed.supplier}: run {feed.held_run} is held", look))
        if feed.failure is not None:
            remedy = f"mend the cause and run `meschain catalog sync {feed.supplier} --tenant {tenant}`"
            found.append(_notice(area, f"{feed.supplier}: the last run failed: {feed.failure}", remedy))
        if feed.state == "late":
            remedy = "ask the supplier, and see whether the flow runner works: `meschain up`"
            found.append(_notice(area, f"{feed.supplier}: the feed is late", remedy))
    return found or [_ok(area, f"{len(feeds)} of suppliers, none held, failed or late")]


def judge_deltas(deltas: Sequence[StagedDelta]) -> list[Finding]:
    """Staged deltas: only a held run, and one under way, has one."""
    found: list[Finding] = []
    for each in deltas:
        if each.status == "held" and not each.bytes:
            remedy = f"`meschain catalog reject {each.run_id}`, then sync again"
            found.append(_broken("deltas", f"run {each.run_id} is held, but its changes are gone", remedy))
        elif each.bytes and each.status not in {"held", "running"}:
            text = f"{each.place} ({each.bytes:,} bytes) belongs to no held run"
            found.append(_notice("deltas", text, "remove it: nothing reads it any more"))
    held = sum(each.status == "held" for each in deltas)
    return found or [_ok("deltas", f"{held} held, none left over")]


def judge_clock(now: datetime, newest: datetime | None) -> Finding:
    """The clock, against the newest moment that was ever stored."""
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    remedy = "set the clock: the order of runs follows it"
    if now.year < _EARLIEST:
        return _broken("clock", f"it shows {shown}", remedy)
    if newest is not None and newest > now + _CLOCK_SLACK:
        stored = f"{newest:%Y-%m-%d %H:%M:%S} UTC"
        return _broken("clock", f"it shows {shown}, but something was stored at {stored}", remedy)
    return _ok("clock", shown)


def _ok(area: str, text: str) -> Finding:
    return Finding(area, "ok", text)


def _notice(area: str, text: str, remedy: str = "") -> Finding:
    return Finding(area, "notice", text, remedy)


def _broken(area: str, text: str, remedy: str) -> Finding:
    return Finding(area, "broken", text, remedy)
