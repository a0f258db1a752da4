"""The database's own driver within a session's transaction, for the few statements that every act pays for.

Statements have `?` for their parameters. Tenants are not kept apart here, but by PostgreSQL's row-level security.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Values = Sequence[Any]


class Driver:
    """A cursor of the session's connection for the length of a `with` block; errors are SQLAlchemy's, as everywhere."""

    def __init__(self, session: Session) -> None:
        connection = session.connection()
        self._module: Any = connection.dialect.dbapi
        self._cursor: Any = connection.connection.cursor()
        self.postgresql = connection.dialect.name == "postgresql"

    def row(self, statement: str, values: Values = ()) -> Sequence[Any] | None:
        """The first row; None if there is none."""
        self._cursor.execute(statement.replace("?", "%s") if self.postgresql else statement, values)
        found: Sequence[Any] | None = self._cursor.fetchone()
        return found

    def execute(self, statement: str, values: Values = ()) -> None:
        """Run the statement."""
        self._cursor.execute(statement.replace("?", "%s") if self.postgresql else statement, values)

    def execute_all(self, statement: str, rows: Sequence[Values]) -> None:
        """Run the statement for each of the rows."""
        self._cursor.executemany(statement.replace("?", "%s") if self.postgresql else statement, rows)

    def time(self, moment: datetime) -> datetime | str:
        """The moment as a value; SQLite keeps times as text in UTC, of the one form that the tables' types read."""
        return moment if self.postgresql else moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cursor.close()
        if isinstance(error, self._module.Error):
            raise DBAPIError.instance("", (), error, self._module.Error, hide_parameters=True) from error
