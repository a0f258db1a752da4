"""Macros of `sql/macros` as functions of one row, in Python.

DuckDB works out a million rows in seconds, but one in ten milliseconds: in every step it makes room for two thousand.
Here it parses a macro, and what it parsed is written down as Python: the text in SQL stays the only place of a formula.
What those macros say is understood, and nothing else; no value is empty where something is computed of it.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import duckdb

from warehouse import statements

Row = Mapping[str, Any]
Relation = Callable[[Iterable[Row]], Iterator[dict[str, Any]]]
"""Gives its rows for those that the macro is asked of, one after the other as they are taken."""
Node = Mapping[str, Any]
"""Of a parsed statement, as DuckDB's `json_serialize_sql` gives it."""
Names = Mapping[str, str]
"""What the columns that can be read are called in Python."""
_WIDE = Context(prec=60)


def tables(connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, Sequence[str]]) -> list[Relation]:
    """Table macros that the connection knows, by name, as functions of rows that have such columns.

    OverflowError where a value has more digits than its type.
    """
    parsed: dict[str, Node] = {}
    functions = dict(_FUNCTIONS)
    found = statements.run(connection, "formulas/definitions").fetchall()
    for name, _, definition in found:
        parsed[name] = _parsed(connection, definition)
    for name, parameters, definition in found:
        if not _is_table(definition):
            body = _expression(parsed[name]["select_list"][0], {each: each for each in parameters})
            exec(f"def {name}({', '.join(parameters)}): return {body}", functions)  # noqa: S102  no text but our own
    for name, columns in wanted.items():
        exec(_Writer(parsed).function(name, columns), functions)  # noqa: S102  no text but our own
    return [functions[name] for name in wanted]


class _Writer:
    """Writes a table macro as a generator: each of its selects as some lines, below those of the one that it reads."""

    def __init__(self, parsed: Mapping[str, Node]) -> None:
        self._parsed = parsed
        self._lines: list[str] = []
        self._depth = 1
        self._number = 0
        self._loop = 0
        """Where the innermost loop begins; what does not depend on it is written above it."""
        self._varying: set[str] = set()

    def function(self, name: str, columns: Sequence[str]) -> str:
        self._open("for asked in rows:", "asked")
        names = {column: self._assign(column, f"asked[{column!r}]", {"asked"}) for column in columns}
        found = self._select(self._parsed[name], {}, names, None)
        self._write(f"yield {_dictionary(found)}")
        return "\n".join([f"def {name}(rows):", *self._lines])

    def _write(self, line: str) -> None:
        self._lines.append("    " * self._depth + line)

    def _open(self, line: str, variable: str) -> None:
        self._loop, self._varying = len(self._lines), {variable}
        self._write(line)
        self._depth += 1

    def _variable(self, column: str) -> str:
        self._number += 1
        return f"{column}_{self._number}"

    def _assign(self, column: str, value: str, read: set[str]) -> str:
        variable = self._variable(column)
        if read & self._varying:
            self._varying.add(variable)
            self._write(f"{variable} = {value}")
        else:
            self._lines.insert(self._loop, "    " * (self._depth - 1) + f"{variable} = {value}")
            self._loop += 1
        return variable

    def _select(self, node: Node, known: Mapping[str, Node], names: Names, wanted: set[str] | None) -> Names:
        """Write a select; `names` are those of the macro's own rows. Gives those of what it selects."""
        known = {**known, **{each["key"]: each["value"]["query"]["node"] for each in node["cte_map"]["map"]}}
        star = next((each for each in node["select_list"] if each["class"] == "STAR"), None)
        columns = _needed([each for each in node["select_list"] if each is not star], wanted)
        read = _names([*columns, node["where_clause"]])
        passed = read if star is None else wanted and read | wanted
        before = self._source(node["from_table"], known, names, passed)
        if node["where_clause"]:
            self._write(f"if not {_expression(node['where_clause'], before)}: continue")
        without = set(star["exclude_list"]) if star and "exclude_list" in star else set()
        after = {name: value for name, value in before.items() if star and name not in without}
        for each in columns:
            after[_name(each)] = self._column(each, {**after, **before})
        return after

    def _source(self, node: Node, known: Mapping[str, Node], names: Names, wanted: set[str] | None) -> Names:
        if node["type"] == "BASE_TABLE":
            return self._select(known[node["table_name"]], known, names, wanted)
        if node["type"] == "SUBQUERY":
            return self._select(node["subquery"]["node"], known, names, wanted)
        function = node["function"]
        if function["function_name"] == "query_table":
            return names
        outer = self._select(known[function["children"][0]["column_names"][0]], known, names, None)
        return self._select(self._parsed[function["function_name"]], {}, outer, wanted)

    def _column(self, node: Node, names: Names) -> str:
        if node["class"] == "COLUMN_REF":
            return _expression(node, names)
        if node.get("function_name") != "unnest":
            read = {names[each].partition("[")[0] for each in _names(node)}
            return self._assign(_name(node), _expression(node, names), read)
        variable = self._variable(_name(node))
        self._open(f"for {variable} in {_expression(node['children'][0], names)}:", variable)
        return variable


def _is_table(definition: str) -> bool:
    return definition.startswith(("WITH", "SELECT"))


def _parsed(connection: duckdb.DuckDBPyConnection, definition: str) -> Node:
    """A macro's statement; an expression stands in one as what is selected."""
    statement = definition if _is_table(definition) else f"SELECT {definition}"
    (text,) = statements.run(connection, "formulas/parse", {"statement": statement}).fetchall()[0]
    node: Node = json.loads(text)["statements"][0]["node"]
    return node


def _name(node: Node) -> str:
    """Of what is selected."""
    name: str = node["alias"] or node["column_names"][-1]
    return name


def _names(node: object) -> set[str]:
    """Of all columns that are read."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, dict):
        return set()
    if node.get("class") == "COLUMN_REF":
        return {node["column_names"][0]}
    return _names(list(node.values()))


def _needed(columns: Sequence[Node], wanted: set[str] | None) -> list[Node]:
    """The columns that are wanted, or that one further right reads."""
    kept: list[Node] = []
    for each in reversed(columns):
        if wanted is None or _name(each) in wanted | _names(kept):
            kept.insert(0, each)
    return kept


def _expression(node: Node, names: Names) -> str:
    return _WRITTEN[node["class"]](node, names)


def _constant(node: Node, _names: Names) -> str:
    value, kind = node["value"].get("value"), node["value"]["type"]
    return repr(Decimal(value).scaleb(-kind["type_info"]["scale"]) if kind["id"] == "DECIMAL" else value)


def _reference(node: Node, names: Names) -> str:
    name, *fields = node["column_names"]
    return names[name] + "".join(f"[{field!r}]" for field in fields)


def _case(node: Node, names: Names) -> str:
    checks = [
        f"{_expression(each['then_expr'], names)} if {_expression(each['when_expr'], names)} else "
        for each in node["case_checks"]
    ]
    return f"({''.join(checks)}{_expression(node['else_expr'], names)})"


def _cast(node: Node, names: Names) -> str:
    child, kind = _expression(node["child"], names), node["cast_type"]
    if kind["id"] != "DECIMAL":
        return {"DOUBLE": "float({})", "BIGINT": "integer({})"}[kind["id"]].format(child)
    cast = "try_decimal" if node["try_cast"] else "decimal"
    return f"{cast}({child}, {kind['type_info']['width']}, {kind['type_info']['scale']})"


def _comparison(node: Node, names: Names) -> str:
    return f"({_expression(node['left'], names)} {_COMPARISONS[node['type']]} {_expression(node['right'], names)})"


def _conjunction(node: Node, names: Names) -> str:
    joint = {"CONJUNCTION_AND": " and ", "CONJUNCTION_OR": " or "}[node["type"]]
    return f"({joint.join(_expression(each, names) for each in node['children'])})"


def _operator(node: Node, names: Names) -> str:
    return {"OPERATOR_IS_NULL": "({} is None)"}[node["type"]].format(_expression(node["children"][0], names))


def _function(node: Node, names: Names) -> str:
    name, children = node["function_name"], [_expression(each, names) for each in node["children"]]
    if name == "struct_pack":
        return _dictionary({_name(each): value for each, value in zip(node["children"], children, strict=True)})
    if name in {"+", "-", "*"}:
        return f"({name.join(children)})" if len(children) > 1 else f"({name}{children[0]})"
    return f"{_OPERATORS.get(name, name)}({', '.join(children)})"


def _dictionary(values: Names) -> str:
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"


_WRITTEN: Mapping[str, Callable[[Node, Names], str]] = {
    "CONSTANT": _constant, "COLUMN_REF": _reference, "CASE": _case, "CAST": _cast, "COMPARISON": _comparison,
    "CONJUNCTION": _conjunction, "OPERATOR": _operator, "FUNCTION": _function,
}  # fmt: skip
_COMPARISONS = {
    "COMPARE_EQUAL": "==", "COMPARE_GREATERTHAN": ">", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHANOREQUALTO": ">=",
}  # fmt: skip
_OPERATORS = {"/": "divided", "//": "quotient", "%": "remainder", "**": "power"}


def _rounded(value: Decimal | float, scale: int) -> Decimal:
    """Half up to so many digits; a float is first multiplied, as DuckDB does it."""
    if isinstance(value, float):
        return Decimal(value * 10.0**scale).quantize(Decimal(1), ROUND_HALF_UP, _WIDE).scaleb(-scale, _WIDE)
    return Decimal(value).quantize(_UNITS[scale], ROUND_HALF_UP, _WIDE)


def _integer(value: Decimal | float) -> int:
    return value if isinstance(value, int) else int(_rounded(value, 0))


def _try_decimal(value: Decimal | float, width: int, scale: int) -> Decimal | None:
    amount = _rounded(value, scale)
    return amount if abs(amount) < _POWERS[width - scale] else None


def _decimal(value: Decimal | float, width: int, scale: int) -> Decimal:
    amount = _try_decimal(value, width, scale)
    if amount is None:
        raise OverflowError(f"{value} has more digits than DECIMAL({width}, {scale})")
    return amount


def _divided(dividend: Decimal | float, divisor: Decimal | float) -> float | None:
    return float(dividend) / float(divisor) if divisor else None


def _quotient(dividend: int, divisor: int) -> int:
    """Towards zero."""
    return dividend // divisor if (dividend < 0) == (divisor < 0) else -(-dividend // divisor)


_UNITS = [Decimal(1).scaleb(-scale) for scale in range(39)]
_POWERS = [Decimal(10) ** digits for digits in range(39)]
_FUNCTIONS: Mapping[str, Any] = {
    "Decimal": Decimal, "integer": _integer, "decimal": _decimal, "try_decimal": _try_decimal, "divided": _divided,
    "quotient": _quotient, "remainder": lambda dividend, divisor: dividend - divisor * _quotient(dividend, divisor),
    "power": lambda base, exponent: float(base) ** exponent, "greatest": max, "least": min, "ceil": math.ceil,
    "floor": math.floor, "sign": lambda value: (value > 0) - (value < 0),
}  # fmt: skip
