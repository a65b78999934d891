"""Thousands of clients that never finish: `python -m tests.hostile.dawdlers PORT COUNT`, in a process of its own.

It prints "open" when all have tried to connect, and in the end one line of JSON: for how many seconds each was let be, and by
how many this machine woke it late at the worst, which is no fault of the server's.
"""

import asyncio
import contextlib
import json
import resource
import sys
import time

BEGINNINGS = (
    b"",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /api/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n{",
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\ntoken=",
    b"POST /api/events/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n",
)
# What comes of each every second: a little more of the same.
DRIPS = (b"\r\n", b"a", b" ", b"a", b"1\r\n \r\n", b"\r\n", b"a")
AT_ONCE = 200
SECOND = 1.0
PATIENCE = 60.0
lateness: list[float] = []


async def dawdle(port: int, number: int, gate: asyncio.Semaphore, opened: asyncio.Barrier) -> float | None:
    """Connect, send a beginning, go on one byte a second, and return after how long the server had enough."""
    async with gate:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            reader = None
    began = time.monotonic()
    if reader is None:
        await opened.wait()
        return None
    dripping = asyncio.create_task(drip(writer, number))
    waiting = asyncio.create_task(opened.wait())
    with contextlib.suppress(OSError):
        async with asyncio.timeout(PATIENCE):
            while await reader.read(4096):
                pass
    lasted = time.monotonic() - began
    dripping.cancel()
    writer.transport.abort()
    await waiting
    return lasted


async def drip(writer: asyncio.StreamWriter, number: int) -> None:
    writer.write(BEGINNINGS[number % len(BEGINNINGS)])
    while not writer.is_closing():
        asleep = time.monotonic()
        await asyncio.sleep(SECOND)
        lateness.append(time.monotonic() - asleep - SECOND)
        writer.write(DRIPS[number % len(DRIPS)])


async def main(port: int, count: int) -> None:
    gate, opened = asyncio.Semaphore(AT_ONCE), asyncio.Barrier(count + 1)
    dawdlers = [asyncio.create_task(dawdle(port, number, gate, opened)) for number in range(count)]
    await opened.wait()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    lasted = await asyncio.gather(*dawdlers)
    known = [seconds for seconds in lasted if seconds is not None]
    sys.stdout.write(json.dumps({"lasted": known, "refused": lasted.count(None), "late": max(lateness)}) + "\n")


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
