"""The store's own table: what makes this installation itself."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, Sealed, utc_now
from meschain.store.ids import new_id


class InstallationRow(Base):
    """The installation; one row."""

    __tablename__ = "store_installation"

    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    id: Mapped[str] = mapped_column(default=new_id)
    secret: Mapped[bytes] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    scrubbed_at: Mapped[datetime | None]
    """Of what was erased before then, no copy is left in the store's files."""
