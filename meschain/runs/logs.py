"""What flow runs wrote into their logs, as the Prefect server keeps it: asked over HTTP, without knowing Prefect."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.errors import MesChainError, Permanent, Transient
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings

MOST_LINES = 200
"""So many the server gives at once."""
_LONGEST = 2_000
_MOST_BYTES = 16 * 1024**2
_TRACEBACK = "Traceback (most recent call last)"
_PAGE = re.compile(r"https?://\S+/runs/(flow|task)-run/\S+")
_LEVELS = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"))


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of a log."""

    at: datetime
    level: str
    text: str


class FlowLogs:
    """The logs that one Prefect server keeps; safe to use from several threads."""

    def __init__(self, api_url: str, auth: str) -> None:
        self._url = f"{api_url}/logs/filter"
        user, _, password = auth.partition(":")
        self._login = (user, password) if auth else None
        self._client: HttpClient | None = None

    def read(self, flow_run_id: str, *, offset: int = 0, limit: int = MOST_LINES) -> list[LogLine]:
        """Lines of a flow run, the oldest first; Transient when the server does not answer."""
        return self._read(flow_run_id, "TIMESTAMP_ASC", offset, limit)

    def read_last(self, flow_run_id: str, limit: int = MOST_LINES) -> list[LogLine]:
        """The last lines of a flow run, the oldest of them first; Transient when the server does not answer."""
        return self._read(flow_run_id, "TIMESTAMP_DESC", 0, limit)[::-1]

    def _read(self, flow_run_id: str, sort: str, offset: int, limit: int) -> list[LogLine]:
        chosen = {"logs": {"flow_run_id": {"any_": [flow_run_id]}}, "sort": sort}
        content = json.dumps({**chosen, "offset": offset, "limit": limit}).encode()
        call = Call(
            self._url, "POST", {"content-type": "application/json"}, auth=self._login, content=content,
            max_bytes=_MOST_BYTES,
        )  # fmt: skip
        try:
            return list(_lines(self._opened().request(call).json()))
        except MesChainError as error:  # the address of the server is the operator's affair
            raise Transient("the Prefect server, which keeps the logs, does not answer; try again later") from error

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _opened(self) -> HttpClient:
        """The client, which may reach the server wherever the operator has put it; made when it is first needed."""
        if self._client is None:
            self._client = HttpClient(
                HttpSettings(
                    attempts=1, connect_timeout=2, read_timeout=5, total_timeout=10, rate=100, burst=100,
                    breaker_cooldown=5, allow_private=("0.0.0.0/0", "::/0"),
                )
            )  # fmt: skip
        return self._client


def _lines(answer: Any) -> Iterator[LogLine]:  # noqa: ANN401  what came over the wire
    if not isinstance(answer, list):
        raise Permanent("expected a list of log lines")
    for each in answer:
        try:
            yield LogLine(datetime.fromisoformat(each["timestamp"]), _level(each["level"]), _shown(each["message"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(f"no log line: {error}") from error


def _level(number: int) -> str:
    return next((name for least, name in _LEVELS if number >= least), "debug")


def _shown(message: str) -> str:
    """The message without what only the operator can use: tracebacks, and addresses of the server's own pages."""
    said, found, _ = _PAGE.sub("the operator's page of it", message).partition(_TRACEBACK)
    text = said.rstrip() if said.strip() or not found else "something unforeseen happened; the operator can see more"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
