"""`python -m meschain.web`: the API's process, until SIGTERM. Requests under way are finished, new ones not taken."""

import logging
import signal
import sys
from types import FrameType

import uvicorn

from commerce.errors import MesChainError
from meschain.settings import Settings, load_settings
from meschain.web.app import create_app
from meschain.web.gate import RequestIdFilter
from meschain.web.protocol import BoundedProtocol
from meschain.wiring import House

GRACE_SECONDS = 8
"""For how long requests under way may go on once it was asked to end."""
LAST_SECONDS = 10
"""When it is over, whatever still hangs: a thread that waits for ever would keep the process from ending."""


class Server(uvicorn.Server):
    """Uvicorn's, with an end that is certain."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        if not self.should_exit:
            signal.alarm(LAST_SECONDS)
        super().handle_exit(sig, frame)


def main() -> int:
    """Serve; 0 when it was stopped in order, 1 when it cannot work."""
    handler = logging.StreamHandler()
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("meschain").setLevel(logging.INFO)
    try:
        settings = load_settings()
        settings.enter()
        _look_at(settings)
        server = Server(
            uvicorn.Config(
                create_app(settings), host=settings.api.host, port=settings.api.port, loop="uvloop",
                http=BoundedProtocol, ws="none", server_header=False, date_header=True, access_log=False,
                log_config=None, proxy_headers=False, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="on",
            )
        )  # fmt: skip
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, server.handle_exit)  # until uvicorn listens; and it raises it anew once all is done
        server.run()
    except MesChainError as error:
        logging.getLogger("meschain").error("%s", error)  # noqa: TRY400  a sentence says all, a traceback nothing
        return 1
    return 0 if server.started else 1


def _look_at(settings: Settings) -> None:
    """Raise what is wrong with the house now, in a sentence: within the server it would be a traceback."""
    house = House(settings)
    try:
        house.set_up()
    finally:
        house.close()


if __name__ == "__main__":
    sys.exit(main())
