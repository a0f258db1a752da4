"""Acts in processes of their own that are killed at a chosen step: whenever they touch a folder or commit."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from meschain.operations.backup import back_up
from meschain.operations.key_rotation import rotate
from meschain.operations.restore import restore
from meschain.operations.tenant_removal import remove_tenant
from meschain.settings import Settings
from meschain.wiring import House
from tests.catalog.shop import goods
from tests.operations.estates import opened, operations_of, shop_of
from tests.processes import FORKS

_TOUCHES = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect"}
_LONGEST = 60.0
Act = Callable[..., None]


def backing_up(settings: Settings, folder: Path) -> None:
    """Back up."""
    back_up(operations_of(House(settings)), folder, with_raw=True)


def restoring(settings: Settings, folder: Path) -> None:
    """Restore."""
    restore(operations_of(House(settings)), folder)


def rotating(settings: Settings) -> None:
    """Change the vault's key, without waiting."""
    rotate(operations_of(House(settings)), settle=0)


def removing(settings: Settings, tenant: str) -> None:
    """Remove a tenant."""
    remove_tenant(operations_of(House(settings)), tenant)


def syncing(settings: Settings, folder: Path, started: Event, stop: Event) -> None:
    """Bring one feed after another in, until told otherwise."""
    with opened(settings) as house, shop_of(house, "acme", folder) as shop:
        number = 100
        while not stop.is_set():
            number += 1
            assert shop.sync(goods(30, stock=number), "busy", force=True).status == "applied"
            started.set()


def kills(folder: Path, act: Act, *arguments: Any, count: int) -> Iterator[int]:
    """Do the act again and again, killed at the end of evenly spaced parts of it; gives the step at which it was.

    `folder` is where its steps are counted. Before each, the caller sees to it that the act has everything to do.
    """
    steps = _run(folder, act, arguments, None)
    for number in range(1, count + 1):
        step = steps * number // (count + 1) or 1
        yield step
        assert _run(folder, act, arguments, step) is None, f"not killed at step {step} of {steps}"


def _run(folder: Path, act: Act, arguments: tuple[Any, ...], last: int | None) -> int | None:
    """How many steps the act took; None if it was killed at the last one."""
    receiving, sending = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_act, args=(sending, str(folder), act, arguments, last))
    process.start()
    sending.close()
    process.join(_LONGEST)
    assert process.exitcode in {0, -signal.SIGKILL}, f"{act.__name__} ended with {process.exitcode}"
    return int(receiving.recv()) if process.exitcode == 0 else None


def _act(sending: "Connection[int, int]", folder: str, act: Act, arguments: tuple[Any, ...], last: int | None) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def touched(name: str, values: tuple[Any, ...]) -> None:
        if name in _TOUCHES and str(values[0]).startswith(folder):
            step()

    sys.addaudithook(touched)
    event.listen(Engine, "commit", lambda _connection: step())
    act(*arguments)
    sending.send(steps)
