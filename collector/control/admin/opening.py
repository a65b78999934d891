"""Opening the administration on NATS, and closing it: it opens without NATS, too, and answers 503 until that is there."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from collector.control.admin import AdminApp, create_admin
from collector.control.admin.desk import Desk, whereabouts
from collector.control.passwords import Passwords
from collector.control.people import People
from collector.control.plane import ControlPlane, open_plane
from collector.control.roster import Roster
from collector.control.signing_in import SignIns
from collector.control.tokens import Tokens
from collector.control.vault import Vault
from collector.privacy.client_ip import TrustedProxies
from collector.settings import Http
from collector.stream import connection as broker
from contracts.throttle import Throttle

# Of whoever waits for a page.
PATIENCE_SECONDS: Final = 1.0


@contextlib.asynccontextmanager
async def open_admin(
    http: Http, nats_url: str, key_file: Path, clock: Callable[[], datetime], *, replicas: int, throttle: Throttle | None = None
) -> AsyncIterator[AdminApp]:
    """Lend the administration of the installation at *nats_url*, whose vault opens with the key in *key_file*."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    plane = open_plane(nats_url, clock=clock, replicas=replicas, patience=PATIENCE_SECONDS)
    try:
        yield create_admin(desk_of(http, plane, Vault(client, key_file, replicas=replicas), clock, throttle=throttle))
    finally:
        await asyncio.to_thread(plane.close)
        await broker.disconnect(client)


def desk_of(
    http: Http,
    plane: ControlPlane,
    vault: Vault,
    clock: Callable[[], datetime],
    *,
    passwords: Passwords | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    throttle: Throttle | None = None,
) -> Desk:
    """Return the desk at *plane* and *vault*; *throttle* is given where others slow guessing, too."""
    roster, hashing, throttle = Roster(plane), passwords or Passwords(), throttle or Throttle(monotonic)
    return Desk(
        people=People(roster=roster, vault=vault, passwords=hashing, clock=clock),
        sign_ins=SignIns(roster=roster, vault=vault, passwords=hashing, throttle=throttle, clock=clock),
        tokens=Tokens(vault=vault, find_key=roster.key, clock=clock),
        roster=roster,
        throttle=throttle,
        where=whereabouts(TrustedProxies.parse(http.trusted_proxies)),
        is_https=http.public_url.startswith("https://"),
        clock=clock,
    )
