"""The house of this process, opened when first needed and kept warm for every run that follows."""

from functools import cache

from meschain.access.tenants import list_tenants
from meschain.settings import Settings, load_settings
from meschain.wiring import House


def house() -> House:
    """The house that the settings describe; the same one as long as they stay the same."""
    return _open(load_settings())


def tenants_of(tenant: str | None) -> list[str]:
    """The tenant that is named, or all of them."""
    return [tenant] if tenant is not None else [each.slug for each in list_tenants(house().engine)]


@cache
def _open(settings: Settings) -> House:
    opened = House(settings)
    opened.set_up()
    return opened
