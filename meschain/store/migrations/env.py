"""Alembic's entry: runs the revisions on the connection that `meschain.store.schema` hands over. Not run by hand.

Revisions lead forward only; the way back is the backup made before.
"""

from typing import Literal

from alembic import context

from meschain.store.base import Base, FreeText, Sealed, UtcDateTime


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our column types into drafts as what the database sees: a revision must not follow the code's changes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, FreeText):
        return "sa.String()"
    if kind == "type" and isinstance(item, Sealed):
        return "sa.LargeBinary()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_render,
    render_as_batch=True,  # SQLite alters a table by rebuilding it
)
with context.begin_transaction():
    context.run_migrations()
