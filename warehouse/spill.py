"""Where DuckDB puts what does not fit into memory: a folder of its own for every connection. No settings, no lake."""

import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def spill_name() -> str:
    """A folder name no other connection has, telling whose it is: machine, process, connection.

    DuckDB's own file names tell nothing: two connections that share a folder write into each other's files and crash.
    """
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex}"


def clear_spill(folder: Path) -> None:
    """Remove what killed processes of this machine left in the folder; DuckDB itself removes what it made."""
    for left in folder.glob(f"{socket.gethostname()}-*-*"):
        process = left.name.rsplit("-", 2)[1]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    with suppress(PermissionError):  # it is there, and somebody else's
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
