"""The Prefect server says how soon it is worth asking again, so that nobody waits a minute for a lock of a moment."""

import asyncio
import time

import httpx
import pytest
from sqlalchemy import text

import tests.prefect_server  # noqa: F401  Prefect's settings come before Prefect

REFUSALS = 8
"""More than a Prefect client asks again by itself."""


@pytest.fixture
def busy(monkeypatch):
    """The server's application when another writer has its database for a while; counts what it was asked."""
    from meschain.runs import server  # noqa: PLC0415  after its settings

    asked = []

    async def prefect(scope, receive, send):
        asked.append(scope["path"])
        status = 503 if len(asked) <= REFUSALS else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(server, "create_prefect", lambda: prefect)
    return server.create_app(), asked


def test_a_client_asks_again_soon_and_as_often_as_it_takes(busy):
    from prefect.client.base import PrefectHttpxAsyncClient  # noqa: PLC0415  after its settings

    app, asked = busy

    async def ask():
        transport = httpx.ASGITransport(app=app)
        async with PrefectHttpxAsyncClient(transport=transport, base_url="http://prefect") as client:
            return await client.post("/flow_runs")

    begun = time.monotonic()
    answer = asyncio.run(ask())
    assert (answer.status_code, "retry-after" in answer.headers) == (200, False)
    assert asked == ["/flow_runs"] * (REFUSALS + 1)
    assert 1 < time.monotonic() - begun < 10


def test_no_writer_waits_long_for_another(tmp_path):
    from meschain.runs.server import WAIT_SECONDS, Sqlite  # noqa: PLC0415  after its settings

    async def patience():
        engine = await Sqlite(f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}").engine()
        async with engine.connect() as connection:
            answer = await connection.execute(text("PRAGMA busy_timeout"))
            waits = answer.scalar_one()
        await engine.dispose()
        return waits

    assert asyncio.run(patience()) == 1000 * WAIT_SECONDS


def test_a_server_on_sqlite_is_set_up_so(busy):
    from prefect.server.database.dependencies import provide_database_interface  # noqa: PLC0415  after its settings

    from meschain.runs.server import Sqlite  # noqa: PLC0415  after its settings

    assert isinstance(provide_database_interface().database_config, Sqlite)
