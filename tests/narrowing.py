"""Looks at every statement that the tests send to a store: one for a tenant asks for that tenant's rows only.

A table that a query names in a condition alone is joined without being narrowed. SQLite would answer with every
tenant's rows, and only a test with two tenants would see it; here any test that runs the query does.
"""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, event

from meschain.store.base import Base, TenantOwned
from meschain.store.tenancy import EVERY, TENANT

_PARAMETER = r"(?:\?|%\(\w+\)s(?:::\w+)?)"
_BY_COLUMNS = re.compile(
    r"(?:UPDATE |DELETE FROM |SELECT [^()]*FROM )(?P<table>\w+)(?: SET [^\n]*?)?"
    rf"\s+WHERE (?P<condition>\w+\.\w+ = {_PARAMETER}(?: AND \w+\.\w+ = {_PARAMETER})*)"
)


@event.listens_for(Engine, "before_cursor_execute")
def _check(connection: Connection, _cursor: object, statement: str, *_more: Any) -> None:
    if connection.get_execution_options().get(TENANT) not in {None, EVERY} and (wide := not_narrowed(statement)):
        raise AssertionError(f"{', '.join(wide)} not narrowed to the tenant; name it in select_from: {statement}")


@lru_cache(2000)
def not_narrowed(statement: str) -> list[str]:
    """The tenants' tables of which the SQL statement may use another tenant's rows, under the names they have in it."""
    if statement.startswith("INSERT") or _of_one_row(statement):
        return []
    use = rf"(?:\bFROM|\bJOIN|\bUPDATE|,)\s+\(?({'|'.join(_owned())})\b(?!\.)(?: AS (\w+))?"
    names = {alias or table for table, alias in re.findall(use, statement)}
    return sorted(name for name in names if not re.search(rf"\b{name}\.tenant_id = {_PARAMETER}", statement))


def _of_one_row(statement: str) -> bool:
    """Whether it is what a session writes or reads again of a row that it has: by the key, and the version it knew."""
    found = _BY_COLUMNS.fullmatch(statement)
    if found is None or found["table"] not in _owned():
        return False
    columns = set(re.findall(rf"{found['table']}\.(\w+) = ", found["condition"]))
    return columns - {"version"} == set(_owned()[found["table"]].primary_key.columns.keys())


def _owned() -> dict[str, Table]:
    owned = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned))
    return {mapper.local_table.name: mapper.local_table for mapper in owned}
