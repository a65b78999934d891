"""Whether facts of deleted sites are still to be erased, and how far that is."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Final

from collector.cli.checks.finding import Finding, odd
from collector.cli.clock import utc_now
from collector.control.decided import Undecided
from collector.control.directory import Directory
from collector.control.erasure import Progress, progress_of
from collector.control.follow import Follower
from collector.control.plane import open_plane
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection
from contracts.control.sites import Site
from contracts.jetstream import JetStreamError

_SUBJECT: Final = "Erasure"
_ADVICE: Final = "It goes on while ingest runs (`collector up`, `web` or `serve`), some dozens in a second, and needs nobody."


async def examine_erasure(nats_url: str) -> AsyncIterator[Finding]:
    """Look for sites whose erasure has begun and has not come to its end."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            return  # which is said already
        directory = Directory()
        await Follower(client, directory).catch_up()
        sites = directory.things.erasing.values()
        if sites:
            yield await _found(client, nats_url, sites)
    finally:
        await broker.disconnect(client)


async def _found(client: Connection, nats_url: str, sites: Collection[Site]) -> Finding:
    of = "1 site" if len(sites) == 1 else f"{len(sites):,} sites"
    plane = open_plane(nats_url, clock=utc_now)
    try:
        every = [await progress_of(client, plane, site) for site in sites]
    except (Undecided, JetStreamError, *UNREACHABLE):
        return odd(_SUBJECT, f"the facts of {of} are being erased", _ADVICE)
    finally:
        await asyncio.to_thread(plane.close)
    total = Progress(done=sum(one.done for one in every), total=sum(one.total for one in every))
    return odd(_SUBJECT, f"{total.done:,} of {total.total:,} messages of {of} are erased", _ADVICE)
