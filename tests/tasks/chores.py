"""Jobs that tests give to workers."""

import logging
import os
import signal
import time
from pathlib import Path

from commerce.errors import BadRecord, Permanent, Refused, Transient
from meschain.store.exclusion import Busy
from meschain.wiring import House
from tasks.worker import Report

KINDS = {kind.__name__: kind for kind in (Transient, Permanent, Refused, Busy)}


def where(house: House, _report: Report) -> Path:
    return house.settings.home


def who(_house: House, _report: Report, *, seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return os.getpid()


def fail(_house: House, _report: Report, *, kind: str) -> None:
    if kind not in KINDS:
        raise BadRecord("bad", "cost", "x", "the feed is bad")
    raise KINDS[kind]("the feed is bad")


def divide(_house: House, _report: Report) -> float:
    return 1 / 0


def count(_house: House, report: Report, *, to: int) -> None:
    for rows in range(1, to + 1):
        report(rows)
    logging.getLogger("meschain.test").info("counted %s %%s", to)


def write(_house: House, report: Report, *, path: Path) -> None:
    with path.open("w") as file:
        try:
            for rows in range(100_000):
                report(rows)
                file.write(f"{rows}\n")
                time.sleep(0.01)
        except Permanent as error:
            file.write(f"stopped: {error}")
            raise


def die(_house: House, _report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
