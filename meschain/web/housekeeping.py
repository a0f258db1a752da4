"""What the API's process does by itself, again and again: note lockouts that are over, sign where the log stands.

More seldom it forgets sessions and links that ended long ago, and ends erasures that could not be ended.
"""

import asyncio
import logging
import time
from datetime import datetime, timedelta

from commerce.errors import MesChainError
from meschain.access.login import end_lockouts
from meschain.access.privacy import finish_erasures
from meschain.access.pruning import prune
from meschain.audit.checkpoints import checkpoint
from meschain.store.base import utc_now
from meschain.wiring import House

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
PRUNE_EVERY_SECONDS = 3600.0
ERASED_WITHIN = timedelta(days=7)
"""For so long before its start an erasure may not have come to its end."""


async def keep_house(house: House) -> None:
    """Keep on until cancelled; what fails is said and tried again the next time."""
    due, erased = time.monotonic(), utc_now() - ERASED_WITHIN
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        pruning = time.monotonic() >= due
        try:
            await asyncio.to_thread(_note, house)
            if pruning:
                erased = await asyncio.to_thread(_tidy, house, erased)
        except MesChainError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("Housekeeping failed")
        else:
            due += PRUNE_EVERY_SECONDS if pruning else 0


def _note(house: House) -> None:
    end_lockouts(house.access)
    checkpoint(house.audit)


def _tidy(house: House, erased: datetime) -> datetime:
    prune(house.access, utc_now())
    return finish_erasures(house.access, erased)
