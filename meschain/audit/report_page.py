"""The security report as a page and as Markdown: one file each, no script, nothing loaded. Formats only."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from commerce import visible
from meschain.audit.report_rules import Report


def html(report: Report) -> str:
    """The page; every text in it is escaped."""
    return _template("report.html", escaped=True).render(r=report, zone=report.subject.time_zone)


def markdown(report: Report) -> str:
    """The same as Markdown, for a page of the Prefect UI or a mail; foreign text is no markup there either."""
    return _template("report.md", escaped=False).render(r=report, zone=report.subject.time_zone)


@cache
def _template(name: str, *, escaped: bool) -> Template:
    environment = Environment(
        autoescape=escaped,  # noqa: S701  Markdown has its own escaping: the filter `plain`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "moment": _moment,
        "plain": visible.visible if escaped else visible.markdown,
        "trend": _trend,
    }
    return environment.from_string(files("meschain.audit").joinpath(name).read_text(encoding="utf-8"))


def _moment(moment: datetime, zone: str = "UTC") -> str:
    local = moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _trend(count: int, before: int) -> str:
    """What changed against the period before: `+3`, `−2`, or `as before`."""
    if count == before:
        return "as before"
    return f"+{count - before:,}" if count > before else f"−{before - count:,}"
