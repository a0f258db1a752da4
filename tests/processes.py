"""Child processes that begin at once: forked from a process that has imported everything already."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
_FORMATS = ("delimited", "json", "ndjson", "xlsx", "xml")
_LATE = ("numpy", "pandas", "polars", *(f"connectors.feeds.formats.{name}" for name in _FORMATS))
"""What a command imports only when it needs it: more than a second's work."""
FORKS.set_forkserver_preload(["meschain.cli", *_LATE])
_LONGEST = 120.0


def race(act: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> None:
    """Do the act once for each arguments, in a process of its own, and see all come to a good end.

    The act's first argument is a barrier that lets them go on together.
    """
    start = FORKS.Barrier(len(arguments))
    processes = [FORKS.Process(target=act, args=(start, *each)) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_LONGEST)
    assert [process.exitcode for process in processes] == [0] * len(processes)
