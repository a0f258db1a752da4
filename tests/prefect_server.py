"""A real Prefect server for tests: one per test process, on a port of its own, everything it writes in its folder.

Import this before anything that imports Prefect: it reads its settings, and makes its folder, when it is imported.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from meschain.operations.child import Child
from meschain.operations.server import await_server, free_port, start_server
from meschain.settings import PrefectSettings, Settings

HOST = "127.0.0.1"
_folder = Path(tempfile.mkdtemp(prefix="meschain-prefect-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
SETTINGS = Settings(home=_folder, prefect=PrefectSettings(port=free_port(HOST)))
"""Settings of the server; its port is free when this module is imported."""

_variables = {name: text for name, text in SETTINGS.child_environment().items() if name.startswith("PREFECT_")}
os.environ.update(_variables)  # noqa: TID251  for Prefect in this very process


@cache
def running_server() -> "Server":
    """The server, started at the first call and ended with this process."""
    server = Server()
    server.start()
    atexit.register(server.stop)
    return server


class Server:
    """The server, which a test may stop and start again."""

    def __init__(self) -> None:
        self._child: Child | None = None

    @property
    def settings(self) -> Settings:
        """Settings that lead to it."""
        return SETTINGS

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._child = start_server(SETTINGS)
        await_server(SETTINGS, self._child, lambda _: None)

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is gone for the length of the block, and answers again at its end."""
        self.stop()
        try:
            yield
        finally:
            self.start()


def settings_at(home: Path) -> Settings:
    """Settings of an installation in `home` that uses the server."""
    return Settings(home=home, prefect=PrefectSettings(api_url=SETTINGS.prefect_url))
