"""The Prefect server as it is started here: Prefect's own, which also says how soon it is worth asking again.

On SQLite it answers 503 to whoever writes beside another writer. It would be free a moment later, but Prefect's client
waits 2 seconds before it asks again, then 4, 8, 16 and 32, and gives up: runs would stand still for a minute.
"""

from prefect.client.base import ASGIApp, Message, Receive, Scope, Send
from prefect.server.api.server import create_app as create_prefect

_BUSY = 503
_ASK_AGAIN = ((b"retry-after", b"0.2"), (b"prefect-maintenance", b"true"))
"""In so many seconds, and however often it takes: such an answer does not count as a failed attempt."""


def create_app() -> ASGIApp:
    """Make the server's application; what uvicorn is to call."""
    prefect = create_prefect()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _BUSY:
                message["headers"] = [*message.get("headers", ()), *_ASK_AGAIN]
            await send(message)

        await prefect(scope, receive, tell)

    return answer
