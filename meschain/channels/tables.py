"""Tables of the channels room: where a tenant sells. What is listed there, and at what price, stands elsewhere."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, TenantOwned, utc_now
from meschain.store.ids import new_id


class Channel(TenantOwned, Base):
    """One place where a tenant sells: a marketplace, a shop of its own."""

    __tablename__ = "channels_channels"
    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    currency: Mapped[str]
    """ISO 4217 code of the prices there."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    """Counts up with every change of what people set."""
