"""Files -> events, line by line: what can be counted is sent, what cannot is counted by its reason."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from collector.imports.accesslog.read import Advance, read_lines
from collector.imports.accesslog.skip import Skipped
from collector.imports.accesslog.summary import Summary
from collector.imports.accesslog.walk import LogWalk
from contracts.events import WebEvent

Send: TypeAlias = Callable[[WebEvent], Awaitable[None]]


async def bring_in(
    files: Sequence[Path], *, walk: LogWalk, send: Send, summary: Summary, advance: Advance = lambda _: None
) -> None:
    """Send every line of *files* that is something to count, and count every line in *summary*."""
    for file in files:
        walk.begin()
        async for lines in read_lines(file, advance):
            for line in lines:
                try:
                    event = walk.walk(line)
                except Skipped as skipped:
                    summary.skip(skipped.reason)
                    continue
                summary.count(event)
                await send(event)
