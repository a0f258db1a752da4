"""Several at once: never more than allowed, all of them whatever happens to some, in their order."""

import asyncio

from tasks.several import several


def test_all_are_done_with_at_most_so_many_at_once():
    under_way, most = 0, 0

    async def work(n: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001 * (7 - n))
        under_way -= 1
        if n == 2:
            raise ValueError(n)
        return n * n

    done = asyncio.run(several(work, range(7), 3))
    assert most == 3
    assert [thing for thing, _ in done] == list(range(7))
    assert [end for thing, end in done if thing != 2] == [0, 1, 9, 16, 25, 36]
    assert isinstance(done[2][1], ValueError)
