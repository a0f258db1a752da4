"""Runs the checks of cards through Great Expectations on a lake. Heavy: `warehouse.quality` imports it on first use.

Great Expectations 1.24.1 keeps everything in memory here: an ephemeral context has no project folder, and this version
sends nothing anywhere. What it does wrong on DuckDB is mended in `_LakeEngine` and by the shape of the queries.
"""

import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import duckdb
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation

from commerce.errors import Permanent
from warehouse import statements
from warehouse.cards import Between, Card, Check, Holds, InSet, NotEmpty, NotNull, RowQuery, Unique
from warehouse.lake import TRUSTING, Connection
from warehouse.quality import CheckResult, Outcome

Prepare = Callable[[Connection], None]
_SAMPLE = 5
_LONGEST = 200
_PREFIX = "holds__"
_NTH = "nth"
_ONE_AT_A_TIME = threading.Lock()
"""The library keeps the current context in one global place."""


class _LakeEngine(SqlAlchemyExecutionEngine):
    """An engine that keeps one connection.

    The library closes a connection before it has read the result, except for the dialects that it lists in
    `_PERSISTED_CONNECTION_DIALECTS`. DuckDB is not among them: most expectations then end in `list index out of range`,
    shown as a mere "not successful". This does what being listed does, for this engine alone. It also keeps the
    connection's variables and its temporary view.
    """

    @contextmanager
    def get_connection(self) -> Generator[sa.Connection, None, None]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


class _LakeDatasource(SQLDatasource):
    type: Literal["lake"] = "lake"  # type: ignore[assignment]  # how the library tells its own data sources apart
    execution_engine_override = _LakeEngine


@contextmanager
def open_checker(prepare: Prepare) -> Iterator["Checker"]:
    """A checker on a DuckDB connection of its own; `prepare` attaches the lake to it."""
    with _ONE_AT_A_TIME:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        # In one transaction, a check that raises would leave an aborted one to all that follow.
        options = {"isolation_level": "AUTOCOMMIT", "connect_args": {"config": dict(TRUSTING)}}
        source = _LakeDatasource(name="lake", connection_string="duckdb:///:memory:", kwargs=options)
        context.add_datasource(datasource=source)
        engine = source.get_execution_engine()
        prepared: list[Connection] = []

        def connected(connection: Connection, _record: object) -> None:
            try:
                prepare(connection)
            except duckdb.Error as error:
                raise Permanent(f"The lake cannot be opened for its checks: {_first_line(str(error))}") from error
            prepared.append(connection)

        sa.event.listen(engine.engine, "connect", connected)
        try:
            with engine.get_connection():
                yield Checker(prepared[0], source)
        finally:
            engine.close()


class Checker:
    """Checks relations one after the other on one connection."""

    def __init__(self, connection: Connection, source: _LakeDatasource) -> None:
        self._connection = connection
        self._asset = source.add_query_asset("checked", query=statements.text("quality/batch"))

    def check(self, card: Card, where: Mapping[str, str]) -> tuple[int, list[CheckResult]]:
        """How many rows have these values in these columns, and how each check of the card ended over them.

        All checks run together first; whatever does not pass is run again alone, for its count and its examples, and so
        that an error is told of the check that raised it and of no other.
        """
        unknown = where.keys() - card.columns.keys()
        if unknown:
            raise ValueError(f"{card.relation} has no column {', '.join(sorted(unknown))}")
        for column, value in where.items():
            self._connection.execute(f"SET VARIABLE scope_{column} = $value", {"value": value})
        self._look_at(card, where, [])
        rows = statements.run(self._connection, "quality/count").fetchall()[0][0]
        passed = self._passed(card, where)
        return int(rows), [
            _verdict(check, "passed") if check.name in passed else self._alone(card, check, where)
            for check in card.checks
        ]

    def _passed(self, card: Card, where: Mapping[str, str]) -> set[str]:
        """Names of the checks that pass; none if one of the conditions is no SQL."""
        try:
            batch = self._look_at(card, where, card.checks)
        except duckdb.Error:
            return set()
        suite = gx.ExpectationSuite(card.relation, expectations=[_expectation(check) for check in card.checks])
        found = batch.validate(suite, result_format="BOOLEAN_ONLY")
        return {
            result.expectation_config.meta["check"]
            for result in found.results
            if result.success and _raised(result.exception_info) is None
            if result.expectation_config is not None and result.expectation_config.meta is not None
        }

    def _alone(self, card: Card, check: Check, where: Mapping[str, str]) -> CheckResult:
        try:
            batch = self._look_at(card, where, [check])
        except duckdb.Error as error:
            return _verdict(check, "error", error=_first_line(str(error)))
        wanted = {
            "result_format": "COMPLETE",
            "partial_unexpected_count": _SAMPLE,
            "unexpected_index_column_names": list(dict.fromkeys((*card.key, *check.about))),
            "return_unexpected_index_query": False,
        }
        result = batch.validate(_expectation(check), result_format=wanted)
        raised = _raised(result.exception_info)
        if raised is not None:
            return _verdict(check, "error", error=raised)
        if result.success:
            return _verdict(check, "passed")
        told = result.result
        match check:
            case NotEmpty():
                return _verdict(check, "failed")
            case Unique() | RowQuery():
                return _verdict(check, "failed", told["observed_value"], told["details"]["unexpected_rows"])
            case _:
                return _verdict(check, "failed", told["unexpected_count"], told["unexpected_index_list"])

    def _look_at(self, card: Card, where: Mapping[str, str], checks: Sequence[Check]) -> Batch:
        """Point the view `checked` at the relation's rows, with the conditions of the checks as columns."""
        conditions = "".join(
            f',\n    ({check.condition}) AS "{_PREFIX}{check.name}"' for check in checks if isinstance(check, Holds)
        )
        scope = " AND ".join(f"\"{column}\" = getvariable('scope_{column}')" for column in where) or "true"
        text = statements.text("quality/checked")
        for name, part in (("relation", card.relation), ("scope", scope), ("conditions", conditions)):
            text = text.replace(f"{{{name}}}", part)
        self._connection.execute(text)
        return self._asset.get_batch(self._asset.build_batch_request())


def _expectation(check: Check) -> Expectation:
    """The expectation that stands for a check, with the check's name as its only meta datum."""
    meta = {"check": check.name}
    match check:
        case NotNull():
            return ExpectColumnValuesToNotBeNull(column=check.column, meta=meta)
        case InSet():
            return ExpectColumnValuesToBeInSet(column=check.column, value_set=list(check.values), meta=meta)
        case Between():
            return ExpectColumnValuesToBeBetween(
                column=check.column, meta=meta,
                min_value=check.min if check.above is None else check.above, strict_min=check.above is not None,
                max_value=check.max if check.below is None else check.below, strict_max=check.below is not None,
            )  # fmt: skip
        case Holds():
            return ExpectColumnValuesToBeInSet(column=_PREFIX + check.name, value_set=[True], meta=meta)
        case Unique():
            columns = ", ".join(f'"{column}"' for column in check.columns)
            query = statements.text("quality/repeated").replace("{columns}", columns)
            return UnexpectedRowsExpectation(unexpected_rows_query=_rows(query), meta=meta)
        case RowQuery():
            return UnexpectedRowsExpectation(unexpected_rows_query=_rows(check.query), meta=meta)
        case NotEmpty():
            return ExpectTableRowCountToBeBetween(min_value=1, meta=meta)


def _rows(query: str) -> str:
    """A card's query as the library takes it: other braces than `{batch}` doubled, colons before a word escaped.

    The library formats the text, and SQLAlchemy would read `:word` as a parameter. So a card's regular expression stays
    as it is; the library's own expectations for them do not know DuckDB.
    """
    plain = query.replace("{batch}", "batch").replace("{", "{{").replace("}", "}}")
    return statements.text("quality/rows").replace("{query}", re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", plain))


def _raised(info: Mapping[str, Any] | None) -> str | None:
    """What an expectation raised; None if it was carried out. The library tells it either flat or metric by metric."""
    told = info or {}
    for part in (told, *told.values()):
        if isinstance(part, Mapping) and part.get("raised_exception"):
            return _first_line(str(part.get("exception_message")))
    return None


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
    return re.sub(r"^\(_?duckdb\.\w+\) ", "", line)[: 2 * _LONGEST]


def _verdict(
    check: Check,
    outcome: Outcome,
    failing: int = 0,
    found: Sequence[Mapping[str, object]] = (),
    error: str | None = None,
) -> CheckResult:
    sample: list[dict[str, str | None]] = []
    for row in found:
        shown = {name: _shown(value) for name, value in row.items() if not name.startswith(_PREFIX) and name != _NTH}
        if shown not in sample:
            sample.append(shown)
    return CheckResult(
        name=check.name, rule=check.rule, severity=check.severity, outcome=outcome, failing_rows=failing,
        sample=sample[:_SAMPLE], error=error,
    )  # fmt: skip


def _shown(value: object) -> str | None:
    return None if value is None else str(value)[:_LONGEST]
