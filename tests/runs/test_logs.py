"""Logs of flow runs come from the Prefect server in order, a page at a time, without what only the operator can use."""

import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from commerce.errors import Transient
from meschain.operations.server import free_port
from meschain.runs.logs import FlowLogs

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/meschain/tasks/jobs.py", line 1\nValueError: x'


@pytest.fixture
def logs(server):
    reader = FlowLogs(server.settings.prefect_url, "")
    yield reader
    reader.close()


def write(server, flow_run_id: str, *lines: tuple[int, str]) -> None:
    """As Prefect does it for a flow run."""
    entries = [
        {
            "name": "prefect.flow_runs", "level": level, "message": text, "flow_run_id": flow_run_id,
            "timestamp": (NOON + timedelta(seconds=n)).isoformat(),
        }
        for n, (level, text) in enumerate(lines)
    ]  # fmt: skip
    httpx.post(f"{server.settings.prefect_url}/logs/", json=entries, trust_env=False).raise_for_status()


def test_lines_come_in_order_and_page_by_page(server, logs):
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    write(server, mine, *((20, f"line {n}") for n in range(5)))
    write(server, other, (20, "another run's"))
    assert [line.text for line in logs.read(mine)] == [f"line {n}" for n in range(5)]
    assert [line.text for line in logs.read(mine, offset=3, limit=1)] == ["line 3"]
    assert (logs.read(mine)[2].at, logs.read(str(uuid.uuid4()))) == (NOON + timedelta(seconds=2), [])


def test_tracebacks_and_endless_texts_are_cut(server, logs):
    mine = str(uuid.uuid4())
    write(
        server,
        mine,
        (40, f"It failed\n{TRACEBACK}"),
        (50, TRACEBACK),
        (30, "x" * 10_000),
        (10, "y"),
        (25, "View at http://127.0.0.1:4200/runs/flow-run/0198"),
    )
    failed, bare, long, *rest = logs.read(mine)
    assert (failed.level, failed.text) == ("error", "It failed")
    assert (bare.level, bare.text) == ("critical", "something unforeseen happened; the operator can see more")
    assert (long.level, len(long.text)) == ("warning", 2000)
    assert [(line.level, line.text) for line in rest] == [("debug", "y"), ("info", "View at the operator's page of it")]


def test_a_server_that_does_not_answer_is_not_named():
    reader = FlowLogs(f"http://127.0.0.1:{free_port('127.0.0.1')}/api", "somebody:s3cret")
    with pytest.raises(Transient, match="does not answer; try again later") as told:
        reader.read(str(uuid.uuid4()))
    reader.close()
    assert "127.0.0.1" not in str(told.value)
