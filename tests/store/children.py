"""What the store's tests do in processes of their own. Those that race wait for each other before they begin."""

from multiprocessing.connection import Connection
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from meschain.store.engine import open_engine
from meschain.store.exclusion import exclusive
from meschain.store.schema import upgrade
from meschain.store.vault import Vault


def upgrade_store(start: Barrier, url: str, locks: Path) -> None:
    """Make the store's tables."""
    engine = open_engine(url)
    start.wait()
    upgrade(engine, locks)


def seal(start: Barrier, key_file: Path, secret: str, sealed: "SimpleQueue[bytes]") -> None:
    """Seal a secret under a key that is not there yet."""
    vault = Vault(key_file=key_file)
    start.wait()
    sealed.put(vault.seal(secret))


def hold(parent: "Connection[str, str]", url: str, locks: Path, name: str) -> None:
    """Hold a name until told otherwise."""
    with exclusive(open_engine(url), locks, name, holder="run of the child"):
        parent.send("held")
        parent.recv()


def count(start: Barrier, url: str, locks: Path, file: Path, times: int) -> None:
    """Add one to the number in a file so many times: read and write under one name."""
    engine = open_engine(url)
    start.wait()
    for _ in range(times):
        with exclusive(engine, locks, "count", wait_seconds=60):
            file.write_text(str(int(file.read_text()) + 1))
