"""Asks an HTTP server at one address again and again, over connections that stay open: at a fixed rate, or at once.

At a fixed rate each request has its time to be sent, and its latency counts from then on, sent late or not: a server
that stalls cannot hide it by slowing down who asks (coordinated omission).
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers a second, and latencies in milliseconds, sorted; errors are answers other than 200."""

    rate: float
    latencies: list[float]
    errors: int

    def percentile(self, share: float) -> float:
        """The latency that so large a share of the requests did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def ask(
    port: int,
    path: str,
    token: str,
    seconds: float,
    rate: float | None = None,
    *,
    bodies: Sequence[bytes] = (),
    connections: int = CONNECTIONS,
) -> Load:
    """Ask for so many seconds, `rate` times a second or as often as the connections allow; or post bodies in turn."""
    requests = [_request(port, path, token, "POST", each) for each in bodies] or [_request(port, path, token)]
    return asyncio.run(_ask(port, cycle(requests), seconds, rate, connections))


def _request(port: int, path: str, token: str, method: str = "GET", body: bytes = b"") -> bytes:
    fields = [f"host: 127.0.0.1:{port}", f"authorization: Bearer {token}"]
    if body:
        fields += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *fields, "\r\n"]).encode() + body


async def _ask(port: int, requests: Iterator[bytes], seconds: float, rate: float | None, connections: int) -> Load:
    latencies: list[float] = []
    errors = 0
    begun = time.perf_counter()
    due = iter(range(int(seconds * rate))) if rate else None

    async def connection() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - begun < seconds:
            scheduled = time.perf_counter()
            if due is not None and rate is not None:
                number = next(due, None)
                if number is None:
                    break
                scheduled = begun + number / rate
                await asyncio.sleep(max(0.0, scheduled - time.perf_counter()))
            writer.write(next(requests))
            status = await _answer(reader)
            latencies.append((time.perf_counter() - scheduled) * 1000)
            errors += status != 200
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return Load(len(latencies) / (time.perf_counter() - begun), sorted(latencies), errors)


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer; gives its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head[9:12])
