"""Opening the administration on NATS, and closing it: it opens without NATS, too, and answers 503 until that is there."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from collector.control.admin import AdminApp, create_admin
from collector.control.admin.desk import Desk, whereabouts
from collector.control.passwords import Passwords
from collector.control.people import People
from collector.control.roster import StreamRoster
from collector.control.signing_in import SignIns, Throttle
from collector.control.tokens import Tokens
from collector.control.vault import Vault
from collector.privacy.client_ip import TrustedProxies
from collector.settings import Http
from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.throttle import Throttle as Slowing


@contextlib.asynccontextmanager
async def open_admin(
    http: Http, nats_url: str, key_file: Path, clock: Callable[[], datetime], *, replicas: int, throttle: Throttle | None = None
) -> AsyncIterator[AdminApp]:
    """Lend the administration of the installation at *nats_url*, whose vault opens with the key in *key_file*."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        slowing = throttle or Slowing(time.monotonic)
        yield create_admin(desk_of(http, client, key_file, clock, replicas=replicas, throttle=slowing))
    finally:
        await broker.disconnect(client)


def desk_of(
    http: Http,
    client: Connection,
    key_file: Path,
    clock: Callable[[], datetime],
    *,
    replicas: int,
    throttle: Throttle,
    passwords: Passwords | None = None,
) -> Desk:
    """Return the desk of the installation that *client* is connected to."""
    roster = StreamRoster(client, clock=clock, replicas=replicas)
    vault, hashing = Vault(client, key_file, replicas=replicas), passwords or Passwords()
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
