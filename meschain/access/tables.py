"""Tables of the access room: the tenants. Users, roles and tokens come with the issue that needs them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from meschain.store.base import Base, utc_now
from meschain.store.ids import new_id

HOME_TIME_ZONE = "Europe/Istanbul"


class Tenant(Base):
    """One seller of the installation."""

    __tablename__ = "access_tenants"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    default_currency: Mapped[str | None]
    """ISO 4217 code taken for prices when neither the feed nor the profile names one."""
    time_zone: Mapped[str] = mapped_column(default=HOME_TIME_ZONE)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
