"""Opening the administration on NATS, and closing it: it opens without NATS, too, and answers 503 until that is there."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from collector.control.admin import AdminApp, create_admin
from collector.control.admin.desk import Desk, whereabouts
from collector.control.admin.pacing import Pacing
from collector.control.connected import connected
from collector.control.deciding import Deciding
from collector.control.follow import Follower
from collector.control.passwords import Passwords
from collector.control.people import People
from collector.control.plane import ControlPlane
from collector.control.recognition import recogniser
from collector.control.roster import Roster
from collector.control.signing_in import SignIns
from collector.control.tokens import Tokens
from collector.control.vault import Vault
from collector.privacy.client_ip import TrustedProxies
from collector.settings import IngestSettings
from contracts.throttle import Throttle


@contextlib.asynccontextmanager
async def open_admin(
    settings: IngestSettings,
    nats_url: str,
    key_file: Path,
    follower: Follower,
    clock: Callable[[], datetime],
    *,
    throttle: Throttle | None = None,
) -> AsyncIterator[AdminApp]:
    """Lend the administration of the installation at *nats_url*, whose vault opens with the key in *key_file*.

    What there is is looked up in the directory that *follower* keeps.
    """
    async with connected(nats_url, clock, replicas=settings.stream.replicas) as (client, plane):
        vault = Vault(client, key_file, replicas=settings.stream.replicas)
        desk = desk_of(settings, plane, vault, follower, clock, is_connected=lambda: client.is_connected, throttle=throttle)
        yield create_admin(desk)


def desk_of(
    settings: IngestSettings,
    plane: ControlPlane,
    vault: Vault,
    follower: Follower,
    clock: Callable[[], datetime],
    *,
    is_connected: Callable[[], bool] = lambda: True,
    passwords: Passwords | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    throttle: Throttle | None = None,
) -> Desk:
    """Return the desk at *plane* and *vault*, with the directory that *follower* keeps.

    *throttle* is given where others slow guessing, too.
    """
    http, roster, hashing = settings.http, Roster(plane), passwords or Passwords()
    throttle = throttle or Throttle(monotonic)
    return Desk(
        people=People(roster=roster, vault=vault, passwords=hashing, clock=clock),
        sign_ins=SignIns(roster=roster, vault=vault, passwords=hashing, throttle=throttle, clock=clock),
        tokens=Tokens(vault=vault, find_key=roster.key, clock=clock),
        roster=roster,
        deciding=Deciding(plane, follower, is_connected=is_connected),
        recognise=recogniser(follower.directory, settings.collection.api_keys, clock),
        access_token=http.access_token,
        tenant=settings.collection.tenant,
        public_url=http.public_url,
        throttle=throttle,
        pacing=Pacing(monotonic),
        where=whereabouts(TrustedProxies.parse(http.trusted_proxies)),
        is_https=http.public_url.startswith("https://"),
        clock=clock,
    )
