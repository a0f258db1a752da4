"""The Prefect server as it is started here: Prefect's own, without its minute-long waits when it writes to SQLite.

Who waits there for another writer holds his connection meanwhile. The garbage collector may want that very connection
in the event loop, which then stands still, and with it the other writer: until the wait ends, after 60 seconds. So it
ends soon, with the answer 503. To that Prefect's client would wait 2, 4, 8, 16 and 32 seconds and give up; so it is
told to ask again at once.
"""

from prefect.client.base import ASGIApp, Message, Receive, Scope, Send
from prefect.server.api.server import create_app as create_prefect
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import get_current_settings
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

WAIT_SECONDS = 3
"""For how long one writer waits for another."""
_BUSY = 503
_ASK_AGAIN = ((b"retry-after", b"0.2"), (b"prefect-maintenance", b"true"))
"""In so many seconds, and however often it takes: such an answer does not count as a failed attempt."""


class Sqlite(AioSqliteConfiguration):
    """Prefect's way to use SQLite, with less patience."""

    def setup_sqlite(self, conn: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        """Set up a new connection."""
        super().setup_sqlite(conn, record)
        cursor = conn.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
        cursor.close()


def create_app() -> ASGIApp:
    """Make the server's application; what uvicorn is to call."""
    url = get_current_settings().server.database.connection_url
    if url is not None and url.get_secret_value().startswith("sqlite"):
        set_database_config(Sqlite(url.get_secret_value()))
    prefect = create_prefect()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _BUSY:
                message["headers"] = [*message.get("headers", ()), *_ASK_AGAIN]
            await send(message)

        await prefect(scope, receive, tell)

    return answer
