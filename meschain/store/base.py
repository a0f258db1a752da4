"""What every table is made of: the declarative base, UTC time, JSON, free text, whose it is. No table of its own."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, ForeignKey, LargeBinary, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class NaiveTimeError(ValueError, DontWrapMixin):
    """A datetime without a zone was about to be stored: a mistake in the code that made it."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: takes only datetimes that know their zone, gives them back in UTC, on both databases alike.

    SQLite keeps them as UTC text of one fixed form, so that comparing and sorting there is right.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime, bring an aware one to UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise NaiveTimeError(f"{value!r} has no time zone; expected an aware datetime such as datetime.now(UTC)")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC, whatever zone the database session speaks."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FreeText(TypeDecorator[str]):
    """Text that may repeat bytes from outside (error messages, notes): characters no database keeps are replaced."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Put replacement marks for NUL and lone surrogates."""
        if value is None:
            return None
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


class Sealed(TypeDecorator[bytes]):
    """Ciphertext of the vault: what has to be sealed again when the vault's key changes is found by this type."""

    impl = LargeBinary
    cache_ok = True


# Plain JSON, not PostgreSQL's JSONB: that one reorders keys and refuses the NUL a raw record may contain.
Json = JSON(none_as_null=True)


class Base(DeclarativeBase):
    """Parent of every table of the operational store."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[dict[str, Any]]: Json,
    }


class TenantOwned:
    """A table whose rows belong to tenants: a session sees those of its own tenant only (see `store.tenancy`)."""

    @declared_attr
    def tenant_id(cls) -> Mapped[Any]:  # noqa: N805  declared once for all classes: the first argument is the class
        """Whose row it is. A class says so again where some rows are nobody's."""
        return mapped_column(String, ForeignKey("access_tenants.id"), nullable=False)


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
