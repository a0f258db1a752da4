"""What the API's process does by itself, again and again: note lockouts that are over, sign where the log stands.

More seldom it forgets sessions and links that ended long ago, and ends erasures that could not be ended.
"""

import asyncio
import logging
import time
from contextlib import suppress

from commerce.errors import MesChainError
from meschain.access.login import end_lockouts
from meschain.access.privacy import finish_erasures
from meschain.access.pruning import prune
from meschain.audit.checkpoints import checkpoint
from meschain.store.base import utc_now
from meschain.store.exclusion import Busy, exclusive
from meschain.wiring import House

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
PRUNE_EVERY_SECONDS = 3600.0


async def keep_house(house: House) -> None:
    """Keep on until cancelled; what fails is said and tried again the next time."""
    due = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        pruning = time.monotonic() >= due
        try:
            await asyncio.to_thread(_note, house)
            if pruning:
                await asyncio.to_thread(_tidy, house)
        except MesChainError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("Housekeeping failed")
        else:
            due += PRUNE_EVERY_SECONDS if pruning else 0


def _note(house: House) -> None:
    end_lockouts(house.access)
    checkpoint(house.audit)


def _tidy(house: House) -> None:
    prune(house.access, utc_now())
    with suppress(Busy), exclusive(house.engine, house.settings.locks_dir(), "erasures"):  # one process is enough
        finish_erasures(house.access)
