"""What a scoped grant lets be seen, as a condition of a query. Whether anything may be seen is decided before that."""

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, not_, or_, true

from meschain.access.scopes import Scopes, as_like


def visible(name: SQLColumnExpression[str], scopes: Scopes | None) -> ColumnElement[bool]:
    """That the thing of that name (a column, an expression) may be seen; None means all of them.

    Names and patterns have small letters only, so it does not matter that SQLite's LIKE knows no capitals.
    """
    if scopes is None:
        return true()
    allowed = or_(*(name.like(as_like(pattern), escape="\\") for pattern in scopes.allowed))
    return and_(allowed, *(not_(name.like(as_like(pattern), escape="\\")) for pattern in scopes.denied))
