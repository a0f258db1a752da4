"""What the audit room's tests do in processes of their own. Those that race wait for each other before they begin."""

from contextlib import suppress
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from commerce.errors import Transient
from meschain.audit.notes import Signer, Verifier
from meschain.audit.witness import Witness

Offers = dict[tuple[int, int], tuple[str, list[bytes]]]
"""What a log answers, by the size that the witness knows and the log's size."""


def witness_all(
    start: Barrier, key: str, log: str, state: Path, offers: Offers, steps: "SimpleQueue[list[tuple[int, int]]]"
) -> None:
    """Witness a log that has one entry more at each look, and tell from which size to which."""
    witness = Witness(Signer.parse(key), [Verifier.parse(log)], state, wait_seconds=60)
    found = []
    start.wait()
    for size in sorted({new for _, new in offers}):
        with suppress(Transient):  # the other one was always faster
            seen = witness.watch(lambda old, size=size: offers[old, max(old, size)])
            found.append((seen.former.size if seen.former else 0, seen.checkpoint.size))
    steps.put(found)
