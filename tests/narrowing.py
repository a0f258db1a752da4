"""Looks at every statement that the tests send to a store: one for a tenant asks for that tenant's rows only.

A table that a query names in a condition alone is joined without being narrowed. SQLite would answer with every
tenant's rows, and only a test with two tenants would see it; here any test that runs the query does.
"""

import re
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, event

from meschain.store.base import Base, TenantOwned
from meschain.store.tenancy import EVERY, TENANT

_PARAMETER = r"(?:\?|:\w+|%\(\w+\)s(?:::\w+)?)"


@event.listens_for(Engine, "before_cursor_execute")
def _check(connection: Connection, _cursor: object, statement: str, *_more: Any) -> None:
    if connection.get_execution_options().get(TENANT) not in {None, EVERY} and (wide := not_narrowed(statement)):
        raise AssertionError(f"{', '.join(wide)} not narrowed to the tenant; name it in select_from: {statement}")


@lru_cache(2000)
def not_narrowed(statement: str) -> list[str]:
    """The tenants' tables of which the SQL statement may use another tenant's rows, under the names they have in it."""
    if statement.startswith("INSERT") or _one_row().search(statement):
        return []
    names = {alias or table for table, alias in _use().findall(statement)}
    return sorted(name for name in names if not re.search(rf"\b{name}\.tenant_id = {_PARAMETER}", statement))


@cache
def _owned() -> str:
    owned = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned))
    return "|".join(mapper.local_table.name for mapper in owned)


@cache
def _use() -> re.Pattern[str]:
    """A table where rows are taken from it, not one before a column's name."""
    return re.compile(rf"(?:\bFROM|\bJOIN|\bUPDATE|,)\s+\(?({_owned()})\b(?!\.)(?: AS (\w+))?")


@cache
def _one_row() -> re.Pattern[str]:
    """What a session writes or reads again of a row that it has: by the key, and the version it knew."""
    begin = r"(?:UPDATE (\w+) SET [^\n]*|DELETE FROM (\w+)|SELECT [^()]*FROM (\w+))"
    by_key = rf"WHERE (?:\1|\2|\3)\.id = {_PARAMETER}(?: AND \w+\.version = {_PARAMETER})?"
    return re.compile(rf"^{begin}\s+{by_key}$")
