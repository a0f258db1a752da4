"""Does the same for several things, some of them at once; one that fails stops none of the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def together(*works: Awaitable[Any]) -> list[Any]:
    """What each gave, all of them under way at once; a failure is raised when none of the others is any more."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure
    return ended


async def several(
    work: Callable[[T], Awaitable[R]], things: Sequence[T], at_once: int
) -> list[tuple[T, R | Exception]]:
    """Each thing with what `work` gave for it, or raised, in their order; at most `at_once` are under way at a time."""
    places = asyncio.Semaphore(at_once)

    async def one(thing: T) -> tuple[T, R | Exception]:
        async with places:
            try:
                return thing, await work(thing)
            except Exception as error:  # noqa: BLE001  it is the caller's, with what the others came to
                return thing, error

    return list(await asyncio.gather(*(one(thing) for thing in things)))
