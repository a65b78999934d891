"""A control plane with a connection beside it, for whoever decides: the administration, and a command that asks once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from collector.control.passwords import Passwords
from collector.control.people import People
from collector.control.plane import ControlPlane, open_plane
from collector.control.roster import Roster
from collector.control.vault import Vault
from collector.stream import connection as broker
from collector.stream.connection import Connection

# Somebody waits for the answer.
PATIENCE_SECONDS: Final = 2.0


@contextlib.asynccontextmanager
async def connected(
    nats_url: str, clock: Callable[[], datetime], *, replicas: int
) -> AsyncIterator[tuple[Connection, ControlPlane]]:
    """Lend a connection, and a control plane with one of its own."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    plane = open_plane(nats_url, clock=clock, replicas=replicas, patience=PATIENCE_SECONDS)
    try:
        yield client, plane
    finally:
        await asyncio.to_thread(plane.close)
        await broker.disconnect(client)


@contextlib.asynccontextmanager
async def open_people(nats_url: str, key_file: Path, clock: Callable[[], datetime], *, replicas: int) -> AsyncIterator[People]:
    """Lend the people of the installation at *nats_url*, for a command that asks once."""
    async with connected(nats_url, clock, replicas=replicas) as (client, plane):
        roster = Roster(plane)
        yield People(roster=roster, vault=Vault(client, key_file, replicas=replicas), passwords=Passwords(), clock=clock)
