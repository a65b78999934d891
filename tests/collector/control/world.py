"""What tests of people share: a vault, a roster and a desk on a real nats-server, a clock that a test sets, cheap hashing."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from nats.aio.client import Client

from collector.control.admin import create_admin
from collector.control.admin.desk import Desk
from collector.control.admin.opening import desk_of
from collector.control.directory import Directory
from collector.control.follow import Follower
from collector.control.passwords import Passwords
from collector.control.people import OWNER, People
from collector.control.plane import open_plane
from collector.control.signing_in import SignIns, Throttle
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.settings import read_settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
NAME = "Kim Doe"
PASSWORD = "four words of the tests"
ORIGIN = {"Origin": "http://localhost:8000"}


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: int) -> None:
        self.now += timedelta(**span)


class Unslowed:
    """Slows nobody down."""

    def attempt(self, *, address: str, name: str = "") -> int:  # noqa: ARG002  # the interface
        """Let everybody try."""
        return 0

    def forgive(self, *, address: str, name: str = "") -> None:
        """Have nothing to forgive."""


class World:
    """One installation: NATS, a key file, and everything about people on them; ``ask`` is its front door."""

    def __init__(
        self, nats_url: str, client: Client, key_file: Path, *, throttle: Throttle | None = None, **settings: str
    ) -> None:
        self.client, self.key_file, self.clock = client, key_file, Clock()
        self.plane = open_plane(nats_url, clock=self.clock)
        self.follower = Follower(client, Directory())
        self.desk: Desk = desk_of(
            read_settings(settings),
            client,
            self.plane,
            key_file=key_file,
            follower=self.follower,
            clock=self.clock,
            throttle=throttle or Unslowed(),
            passwords=Passwords(CHEAP),
        )
        transport = httpx.ASGITransport(app=create_admin(self.desk), client=("127.0.0.1", 4711), raise_app_exceptions=False)
        self.ask = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")

    @property
    def vault(self) -> Vault:
        return Vault(self.client, self.key_file)

    @property
    def people(self) -> People:
        return self.desk.people

    @property
    def sign_ins(self) -> SignIns:
        return self.desk.sign_ins

    async def begin(self) -> "World":
        """Make the master key, as `collector up` does."""
        await settle_master_key(self.client, self.key_file, replicas=1)
        return self

    async def close(self) -> None:
        """Leave NATS."""
        await self.ask.aclose()
        await asyncio.to_thread(self.plane.close)

    async def join(self, name: str = NAME, password: str = PASSWORD) -> str:
        """Make a member, and return their id."""
        invitation = await self.people.invite(OWNER, by="here")
        return (await self.people.join(invitation.secret, name=name, password=password)).member

    async def sign_in(self, name: str = NAME, password: str = PASSWORD) -> httpx.Response:
        """Sign in at the front door."""
        return await self.ask.post("/v1/admin/sessions", json={"name": name, "password": password}, headers=ORIGIN)


Worlds = Callable[..., World]
