"""Somebody who refreshes prices and margins for ever while costs move, in a process that may be killed."""

import os
from itertools import count
from pathlib import Path

from meschain.pricing.margins import compute_margins
from meschain.pricing.prices import refresh_prices
from meschain.settings import Settings
from meschain.store.ids import new_id
from meschain.wiring import House
from tests.homes import TENANT

READY = "ready"


def refresh(settings: Settings, told: Path) -> None:
    """Move every cost, make prices, compute margins; each finished run stands in `told` before the next begins."""
    house = House(settings)
    pricing = house.pricing(house.tenant(TENANT))
    file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{READY}\n".encode())
    with pricing.lake.connect() as connection:
        for number in count():
            rise = f"UPDATE core.offers SET cost = cost * {1.01 if number % 2 else 0.99}"
            pricing.lake.write(connection, lambda c, rise=rise: c.execute(rise), "costs move")
            run = new_id()
            refresh_prices(pricing, run)
            os.write(file, f"prices {run}\n".encode())
            compute_margins(pricing, run)
            os.write(file, f"margins {run}\n".encode())
