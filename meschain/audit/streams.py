"""Long queries read along with each other, some rows at a time, within one session; they are closed with the block."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Result, Select
from sqlalchemy.orm import Session

T = TypeVar("T", bound=tuple[Any, ...])
BATCH = 1_000


class Streams:
    """What a session reads in the length of a `with` block, each query to its end or not."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._open: list[Result[Any]] = []

    def read(self, query: Select[T]) -> Iterator[T]:
        """The query's rows; of them, no more than a thousand are in memory."""
        result = self.session.execute(query, execution_options={"yield_per": BATCH})
        self._open.append(result)
        return iter(result.tuples())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for result in self._open:
            result.close()
