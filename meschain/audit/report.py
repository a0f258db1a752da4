"""Use case: the security report of a tenant: what its log says of some weeks, the same span before, and the proof.

Like the log it names people by their ids alone: a report is kept for years, and erasing a person must not have to find
it.
"""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select

from commerce.errors import Permanent
from meschain.audit.checkpoints import checkpoint
from meschain.audit.context import Audit
from meschain.audit.moments import begin_of
from meschain.audit.report_page import html, markdown
from meschain.audit.report_rules import TOPICS, Line, Period, Report, Section, Subject, topic_of
from meschain.audit.rules import Actor, Tag
from meschain.audit.streams import Streams
from meschain.audit.tables import Entry
from meschain.audit.verification import Verdict, verify_log
from meschain.settings import private_dir
from meschain.store.base import utc_now
from meschain.store.ids import new_id
from meschain.store.session import reading, transaction

MOST_SHOWN = 100
"""So many acts of a topic are shown, the newest; all are counted."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report and where its pages lie."""

    report: Report
    page: Path
    text: Path


def last_weeks(now: datetime, time_zone: str, weeks: int = 1) -> Period:
    """The last whole weeks before this one, from Monday to Monday where the tenant is."""
    local = now.astimezone(ZoneInfo(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = local - timedelta(days=local.weekday())
    return Period(monday - timedelta(weeks=weeks), monday)


def recent_weeks(now: datetime, weeks: int = 1) -> Period:
    """So many times seven days up to this moment."""
    return Period(now - timedelta(weeks=weeks), now)


def prove(audit: Audit) -> Verdict:
    """The verdict on the whole log, signed as it stands first, unless it does not continue what was signed before."""
    with suppress(Permanent):  # the log was altered: what was altered is what the verdict tells
        checkpoint(audit)
    return verify_log(audit)


def write_report(
    audit: Audit, actor: Actor, subject: Subject, period: Period, folder: Path, verdict: Verdict
) -> Written:
    """Write the report as `security.html` and `security.md` into the folder; that it was made is written down."""
    report = Report(subject, period, utc_now(), _sections(audit, subject.id, period), verdict)
    private_dir(folder)
    written = Written(report, folder / "security.html", folder / "security.md")
    _put(written.page, html(report))
    _put(written.text, markdown(report))
    told = {"since": period.since.isoformat(), "until": period.until.isoformat(), "log_is_whole": verdict.ok}
    with transaction(audit.of(subject.id)) as session:
        audit.log.record(
            session, Tag.SECURITY_REPORTED, actor, target="report security", after=told, tenant_id=subject.id
        )
    return written


def _sections(audit: Audit, tenant_id: str, period: Period) -> tuple[Section, ...]:
    """One pass over the tenant's entries of both periods."""
    counts, before = Counter[str](), Counter[str]()
    newest = {topic.title: deque[Any](maxlen=MOST_SHOWN) for topic in TOPICS}
    for entry in _entries(audit, tenant_id, Period(period.before.since, period.until)):
        if entry.at < period.since:
            before[entry.tag] += 1
        else:
            counts[entry.tag] += 1
            newest[topic_of(entry.tag).title].appendleft(entry)
    made = []
    for topic in TOPICS:
        tags = sorted(tag for tag in {*counts, *before} if topic_of(tag) is topic)
        told = tuple((tag, counts[tag], before[tag]) for tag in tags)
        made.append(Section(topic.title, told, tuple(map(_line, newest[topic.title]))))
    return tuple(made)


def _entries(audit: Audit, tenant_id: str, period: Period) -> Iterator[Any]:
    query = select(Entry.index, Entry.at, Entry.tag, Entry.actor_kind, Entry.actor_id, Entry.target, Entry.body)
    with reading(audit.of(tenant_id)) as session, Streams(session) as streams:
        begin = begin_of(session, tenant_id, period.since)
        within = (Entry.sequence >= begin.sequence, Entry.at >= period.since, Entry.at < period.until)
        yield from streams.read(query.where(*within).order_by(Entry.sequence))


def _line(entry: Any) -> Line:  # noqa: ANN401  a row of `_entries`
    body = msgspec.json.decode(entry.body)
    told = {side: body[side] for side in ("before", "after") if body.get(side) is not None}
    what = "; ".join(f"{side} {msgspec.json.encode(value).decode()}" for side, value in told.items())
    who = f"{entry.actor_kind} {entry.actor_id}".strip()
    return Line(entry.index, entry.at, entry.tag, who, entry.target, what)


def _put(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}-{new_id()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.chmod(0o600)
        part.replace(path)
    except OSError as error:
        raise Permanent(f"The report {path} cannot be written: {error.strerror}; make room and try again") from error
    finally:
        part.unlink(missing_ok=True)
