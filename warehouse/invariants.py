"""Looks whether what must always be true of a lake is true: each query of `sql/invariants` finds what breaks one."""

import time
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from warehouse import statements
from warehouse.lake import Connection

MOST = 10
"""A query gives so many offenders at most."""


class Verdict(BaseModel):
    """Whether one invariant holds, and if not, some of the rows that break it."""

    model_config = ConfigDict(frozen=True)

    name: str
    rule: str
    offenders: list[dict[str, str | None]]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.offenders


@cache
def names() -> tuple[str, ...]:
    """Every invariant, in order."""
    folder = files("warehouse").joinpath("sql", "invariants")
    return tuple(sorted(path.name.removesuffix(".sql") for path in folder.iterdir() if path.name.endswith(".sql")))


def rule(name: str) -> str:
    """What an invariant says: the first line of its file."""
    return statements.text(f"invariants/{name}").splitlines()[0].removeprefix("--").strip()


def check(connection: Connection) -> list[Verdict]:
    """The verdict on every invariant, all of them on the lake as it is at one moment."""
    connection.begin()
    try:
        return [_check(connection, name) for name in names()]
    finally:
        connection.rollback()


def _check(connection: Connection, name: str) -> Verdict:
    started = time.perf_counter()
    cursor = statements.run(connection, f"invariants/{name}")
    columns = [column[0] for column in cursor.description or []]
    found = [
        {column: None if value is None else str(value) for column, value in zip(columns, row, strict=True)}
        for row in cursor.fetchall()
    ]
    return Verdict(name=name, rule=rule(name), offenders=found, seconds=round(time.perf_counter() - started, 3))
