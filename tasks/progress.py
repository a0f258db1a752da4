"""The progress bar of a run in the Prefect UI. It tells; a bar that cannot be drawn stops nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from tasks.crew import Counter

log = logging.getLogger(__name__)
_SECONDS = 0.5
_LAST_SECONDS = 3.0
_MOST = 99.0


class _Bar:
    """One progress artifact."""

    def __init__(self, key: str, what: str, expected: int, counter: Counter) -> None:
        self._key = key
        self._what = what
        self._expected = expected
        self._counter = counter
        self._artifact: UUID | None = None

    async def draw(self, *, done: bool = False) -> None:
        """Make the bar show what the counter says."""
        rows = self._counter.rows
        share = min(100.0 * rows / self._expected, _MOST) if self._expected else 0.0
        share, text = 100.0 if done else share, f"{self._what}: {rows:,} rows"
        try:
            if self._artifact is None:
                self._artifact = await acreate_progress_artifact(share, key=self._key, description=text)
            else:
                await aupdate_progress_artifact(self._artifact, share, description=text)
        except Exception as error:  # noqa: BLE001  the work goes on without its bar, whatever is wrong with Prefect
            log.debug("The progress of %s cannot be shown: %s", self._what, error)

    async def follow(self) -> None:
        """Draw again whenever the counter has moved, at most twice a second."""
        drawn = 0
        while True:
            await asyncio.sleep(_SECONDS)
            if self._counter.rows != drawn:
                drawn = self._counter.rows
                await self.draw()


@asynccontextmanager
async def shown(key: str, what: str, expected: int) -> AsyncIterator[Counter]:
    """A counter whose rows are shown while the block runs.

    `expected` is the number of rows of the last good run; 0 if there was none, and then no share can be told.
    """
    counter = Counter()
    bar = _Bar(key, what, expected, counter)
    await bar.draw()
    following = asyncio.ensure_future(bar.follow())
    try:
        yield counter
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    with suppress(TimeoutError):
        await asyncio.wait_for(bar.draw(done=True), _LAST_SECONDS)
