"""The load generator: keep-alive connections that each send a prebuilt request as soon as the last one is answered.

It is a process of its own (``python -m tests.bench.load``), reads no more of an answer than its status and its length, and
prints a Result.
"""

import asyncio
import itertools
import resource
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator

import click
import msgspec
import uvloop
from msgspec import Struct

from tests.bench.traffic import TRAFFIC

RECONNECT_SECONDS = 0.05
LAST_ANSWERS_SECONDS = 2.5
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "


class Result(Struct, frozen=True, kw_only=True):
    """What came back: answers by status, how many of the refusals had Retry-After, and how long an answer took."""

    seconds: float
    answers: dict[str, int]
    retry_after: int
    broken: int
    p50: float
    p95: float
    p99: float

    @property
    def successes(self) -> int:
        """Return the number of 2xx answers."""
        return sum(number for status, number in self.answers.items() if status.startswith("2"))

    @property
    def total(self) -> int:
        """Return the number of answers."""
        return sum(self.answers.values())

    @property
    def rate(self) -> float:
        """Return the 2xx answers of a second."""
        return self.successes / self.seconds


class Load:
    """All connections together: what they send next, how long each waits between two, and what they have been told."""

    def __init__(self, requests: Iterator[bytes], interval: float = 0.0) -> None:
        self.requests = requests
        self.interval = interval
        self.answers: Counter[bytes] = Counter()
        self.retry_after = 0
        self.broken = 0
        self.seconds = array("d")
        self.is_over = False
        self.answered_at = 0.0

    def result(self, elapsed: float) -> Result:
        """Return what there is to tell after *elapsed* seconds."""
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        return Result(
            seconds=elapsed,
            answers={status.decode(): number for status, number in self.answers.items()},
            retry_after=self.retry_after,
            broken=self.broken,
            p50=cuts[49],
            p95=cuts[94],
            p99=cuts[98],
        )


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._missing = 0
        self._sent_at = 0.0
        self._due = 0.0
        self._is_asking = False
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._missing = self._read_head(data)
        if self._missing == 0:
            self._load.answered_at = time.perf_counter()
            self._load.seconds.append(self._load.answered_at - self._sent_at)
            self._is_asking = False
            self._send_when_due()

    def connection_lost(self, _: Exception | None) -> None:
        self._load.broken += self._is_asking and not self._load.is_over
        if not self.lost.done():
            self.lost.set_result(None)

    def _send(self) -> None:
        request = None if self._load.is_over else next(self._load.requests, None)
        if request is None:
            self._load.is_over = True
            self._transport.close()
            return
        self._is_asking = True
        self._sent_at = time.perf_counter()
        self._due = max(self._due + self._load.interval, self._sent_at)
        self._transport.write(request)

    def _send_when_due(self) -> None:
        wait = self._due - time.perf_counter()
        if wait <= 0 or self._load.is_over:
            self._send()
        else:
            self._loop.call_later(wait, self._send)

    def _read_head(self, data: bytes) -> int:
        # Heads are short and come in one piece. Returns how much of the body is still to come.
        status, end = data[9:12], data.index(HEAD_END) + len(HEAD_END)
        self._load.answers[status] += 1
        if status == b"204":
            return end - len(data)
        head = data[:end].lower()
        self._load.retry_after += b"\r\nretry-after:" in head
        at = head.find(LENGTH) + len(LENGTH)
        length = int(head[at : head.index(b"\r\n", at)]) if at >= len(LENGTH) else 0
        return end + length - len(data)


async def keep_asking(load: Load, port: int, after: float) -> None:
    """Keep one connection busy *after* some seconds, and open another when it breaks, until the load is over."""
    await asyncio.sleep(after)
    loop = asyncio.get_running_loop()
    while not load.is_over:
        try:
            _, connection = await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
            await connection.lost
        except OSError:
            load.broken += 1
        await asyncio.sleep(RECONNECT_SECONDS)


async def run(load: Load, *, port: int, connections: int, seconds: float) -> Result:
    """Load *port* until the requests or the *seconds* are over."""
    began = time.perf_counter()
    # Those who wait between two requests come one after the other, as strangers do, and not in step.
    starts = [load.interval * number / connections for number in range(connections)]
    asking = [asyncio.create_task(keep_asking(load, port, start)) for start in starts]
    await asyncio.wait(asking, timeout=seconds)
    load.is_over = True
    # Else what is under way costs processor time and counts for nothing: of few large requests that is much.
    await asyncio.wait(asking, timeout=LAST_ANSWERS_SECONDS)
    for task in asking:
        task.cancel()
    return load.result(load.answered_at - began if load.answered_at else seconds)


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--traffic", type=click.Choice(list(TRAFFIC)), required=True)
@click.option("--connections", type=int, required=True)
@click.option("--seconds", type=float, required=True)
@click.option("--first", type=int, default=0, help="The number of the first request.")
@click.option("--requests", type=int, help="How many there are; without it they go on for the seconds given.")
@click.option("--interval", type=float, default=0.0, help="How long a connection waits from one request to the next.")
def main(traffic: str, first: int, requests: int | None, interval: float, **options: float) -> None:
    """Load one port of this machine and print the result as JSON."""
    # The usual soft limit of 1024 files is below the number of connections that overload takes.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    load = Load(itertools.islice(TRAFFIC[traffic](first), requests), interval)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(run(load, **options))
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
