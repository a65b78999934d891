"""An installation with facts of several sites, what is on its disk, and a process that erases; run as a program it is one."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from nats.aio.client import Client

from collector.control.directory import Directory
from collector.control.erasure import Eraser, Pace, erase_for_ever
from collector.control.follow import Follower
from collector.control.plane import ControlPlane, open_plane
from collector.local.nats import NatsServer
from collector.stream import connection as broker
from collector.upkeep import running_beside
from contracts.codec import CODEC, type_of
from contracts.control.sites import SiteState, site_id
from contracts.events import Fact
from contracts.streams import message_id, stream_settings, subject_of
from tests.facts import STREAM, WEB, pageview

ROOM = 256 * 1024 * 1024
QUICK = Pace(settle_seconds=0.2, look_seconds=0.02, most_at_once=40, rest=0)
DOOMED = ("acme", "shop.example")
# Whose names begin alike, and who has a site of the same name.
LIKE_IT = (("acme", "shop.example.org"), ("acme", "shop"), ("ac", "shop.example"), ("acme", "myshop.example"))
PATIENCE = 30.0


def utc_now() -> datetime:
    return datetime.now(UTC)


class Installation:
    """A nats-server with a control plane and a stream of facts; ``erase`` begins an erasure."""

    def __init__(self, server: NatsServer, client: Client, plane: ControlPlane) -> None:
        self.server, self.client, self.plane = server, client, plane

    async def begin(self) -> None:
        await broker.ask(self.client, f"STREAM.CREATE.{STREAM}", stream_settings(WEB, max_bytes=ROOM, replicas=1))
        await self.plane.run(lambda plane: [plane.tenants.add(name, by="here") for name in ("acme", "ac")])
        await self.plane.run(lambda plane: plane.sites.add(*DOOMED, by="here"))

    async def store(self, *facts: Fact) -> list[int]:
        """Store *facts* in this order, and return where they stand."""
        answers = await asyncio.gather(
            *(
                self.client.request(
                    subject_of("web", fact.tenant, fact.site, type_of(fact)),
                    CODEC.encode(fact),
                    timeout=20,
                    headers={"Nats-Msg-Id": message_id(fact.tenant, fact.site, fact.id)},
                )
                for fact in facts
            )
        )
        return [msgspec.json.decode(answer.data)["seq"] for answer in answers]

    async def store_mixed(self, doomed: int, *, others_each: int = 2) -> int:
        """Store *doomed* facts of the site that goes among those of others, and return how many the others' are."""
        facts = [pageview(f"/secret-{n}", tenant=DOOMED[0], site=DOOMED[1]) for n in range(doomed)]
        others = [pageview(f"/kept-{n}", tenant=t, site=s) for n in range(others_each) for t, s in LIKE_IT]
        mixed = [fact for pair in zip(facts, others, strict=False) for fact in pair]
        await self.store(*mixed, *facts[len(others) :], *others[len(facts) :])
        return len(others)

    async def begin_erasure(self) -> None:
        await self.plane.run(lambda plane: plane.sites.begin_erasure(*DOOMED, by="here"))

    async def state(self) -> SiteState:
        return (await self.plane.run(lambda plane: plane.sites.find(*DOOMED))).state

    async def is_erased(self) -> bool:
        return await self.state() is SiteState.ERASED

    async def left(self) -> int:
        return int((await broker.ask(self.client, f"STREAM.INFO.{STREAM}")).state.messages)

    async def listed(self) -> list[int]:
        """Return every sequence that is said to be erased, as often as it is said."""
        said = (await self.plane.run(lambda plane: plane.sites.erasure(*DOOMED))).said
        return [seq for event in said for first, last in event.erased for seq in range(first, last + 1)]

    def on_disk(self, *needles: str, stream: str = STREAM) -> dict[str, str]:
        """Return which files of the stream's folder hold any of *needles*, and the first of them."""
        folder = next(self.server.store.rglob(stream))
        texts = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return {name: needle for needle in needles for name, text in texts.items() if needle.encode() in text}

    def eraser(self, pace: Pace = QUICK, *, sites: Callable | None = None) -> Eraser:
        key = site_id(*DOOMED)
        return Eraser(self.client, self.plane, sites or (lambda: {key: self.plane.sites.find(*DOOMED)}), pace=pace)


@contextlib.asynccontextmanager
async def installed(server: NatsServer) -> AsyncIterator[Installation]:
    """Lend an installation on *server*."""
    client = await broker.connect(server.url, on_loss=lambda: None)
    plane = open_plane(server.url, clock=utc_now)
    installation = Installation(server, client, plane)
    await installation.begin()
    try:
        yield installation
    finally:
        await asyncio.to_thread(plane.close)
        await broker.disconnect(client)


async def until(is_so: Callable, what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await is_so():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"still waiting: {what}") from None


@contextlib.asynccontextmanager
async def erasing_here(server: NatsServer, pace: Pace = QUICK) -> AsyncIterator[None]:
    """Erase for the length of the block, as an ingest process does."""
    client = await broker.connect(server.url, on_loss=lambda: None)
    follower = Follower(client, Directory())
    async with running_beside(follower.watch(), erase_for_ever(server.url, follower.erasing, utc_now, replicas=1, pace=pace)):
        yield
    await broker.disconnect(client)


async def main(folder: str) -> None:
    server = NatsServer(Path(folder))
    server._ports = tuple(map(int, sys.argv[2:4]))
    async with erasing_here(server):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
