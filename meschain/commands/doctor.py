"""`meschain doctor`: what is configured, what can be reached, and how to mend what cannot."""

from dataclasses import asdict
from typing import Any

import typer
from rich.console import Group
from rich.text import Text

from commerce.errors import Permanent
from meschain.commands.screen import FAILED, Json, show, table
from meschain.operations.doctor import Finding
from meschain.operations.examination import examine, list_settings
from meschain.settings import load_settings

_COLOURS = {"ok": "green", "notice": "yellow", "broken": "red"}


def doctor(json: Json = False) -> None:
    """Say what is configured and reachable, and how to mend what is not; exit code 1 if something is broken."""
    try:
        settings = load_settings()
    except Permanent as error:
        configured, findings = [], [Finding("settings", "broken", str(error), "correct these variables")]
    else:
        configured, findings = list_settings(settings), examine(settings)
    healthy = all(finding.state != "broken" for finding in findings)
    rows: list[dict[str, Any]] = [asdict(setting) for setting in configured]
    result = {"healthy": healthy, "settings": rows, "findings": [asdict(finding) for finding in findings]}
    show(result, json, lambda: Group(table("Settings", rows), "", *map(_line, findings)))
    raise typer.Exit(0 if healthy else FAILED)


def _line(finding: Finding) -> Text:
    remedy = f"\n        {'':20} → {finding.remedy}" if finding.remedy else ""
    return Text.assemble((f"{finding.state:7}", _COLOURS[finding.state]), f" {finding.area:20} {finding.text}{remedy}")
