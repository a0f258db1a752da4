"""What the API's process does by itself, again and again: note lockouts that are over, sign where the log stands."""

import asyncio
import logging

from commerce.errors import MesChainError
from meschain.access.login import end_lockouts
from meschain.audit.checkpoints import checkpoint
from meschain.wiring import House

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0


async def keep_house(house: House) -> None:
    """Keep on until cancelled; what fails is said and tried again the next time."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await asyncio.to_thread(_once, house)
        except MesChainError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("Housekeeping failed")


def _once(house: House) -> None:
    end_lockouts(house.access)
    checkpoint(house.audit)
