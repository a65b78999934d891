"""Access logs made up for tests, with addresses of the documentation networks, and the facts that a stream holds."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from collector.imports.accesslog.walk import LogWalk
from collector.privacy.enrich.lists import Lists
from collector.sites import AnySite, Site
from collector.stream import connection as broker
from contracts.codec import CODEC
from contracts.events import Fact
from contracts.streams import SUBJECT_ROOT
from tests.facts import STREAM

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SITE = "shop.example"
SHOP = Site(tenant="main", id=SITE)
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
# What is asked for, and as what path it counts.
_PAGES = {
    "/": "/",
    "/pricing": "/pricing",
    "/docs/install": "/docs/install",
    "/blog/first-post.html": "/blog/first-post.html",
    "/search?q=boats": "/search",
    "/caf%C3%A9": "/caf\u00e9",
    "/files/guide.pdf": "/files/guide.pdf",
}
_REST = ("/style.css", "/logo.png", "/feed.xml", "/?flav=rss20", "/robots.txt", "/old-page")
_STATUS = {"/old-page": 301}


def line(
    target: str = "/",
    *,
    ip: str = "192.0.2.7",
    at: str = "17/May/2026:10:05:03 +0000",
    method: str = "GET",
    status: int = 200,
    size: str = "5120",
    referrer: str = "-",
    agent: str = BROWSER,
    vhost: str = "",
) -> str:
    """Return a line in the combined format."""
    return f'{vhost}{ip} - - [{at}] "{method} {target} HTTP/1.1" {status} {size} "{referrer}" "{agent}"'


def busy_log(lines: int) -> list[str]:
    """Return a log of four days with robots, referrers, assets, feeds, errors and many equal requests of one second."""
    chance = random.Random(7)
    made = []
    for number in range(lines):
        target = chance.choice((*_PAGES, *_PAGES, *_REST))
        second = number * 4 * 86_400 // lines
        day, rest = divmod(second, 86_400)
        made.append(
            line(
                target,
                ip=f"192.0.2.{chance.randrange(256)}",
                at=f"{14 + day}/May/2026:{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02} +0000",
                status=_STATUS.get(target, chance.choice((200, 200, 200, 304))),
                referrer=chance.choice(("-", "-", "https://www.google.com/", "https://news.example/story?id=1")),
                agent=chance.choice((BROWSER, BROWSER, BROWSER, ROBOT)),
            )
        )
    return made


def opened(lists: Lists, **options: Any) -> LogWalk:
    """Return the walk of a log of the site, at NOW; *options* say what else holds."""
    return LogWalk(**{"site": SHOP, "sites": AnySite("main"), "lists": lists, "clock": lambda: NOW} | options)


def paths_in(log: Sequence[str]) -> Counter[str]:
    """Return how often each path counts in a busy log."""
    targets = (one.split('"')[1].split()[1] for one in log)
    return Counter(_PAGES[target] for target in targets if target in _PAGES)


def written(folder: Path, lines: Sequence[str], name: str = "access.log") -> Path:
    """Write *lines* to a file in *folder* and return it."""
    file = folder / name
    file.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return file


async def collector(*arguments: str | Path, nats_url: str, environment: Mapping[str, str] | None = None, **options: Any) -> Any:
    """Start the command line as an operator would."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "collector.cli", *map(str, arguments)),
        env=_plain() | {"COLLECTOR_NATS_URL": nats_url, "COLLECTOR_STREAM_MAX_BYTES": str(1 << 28)} | dict(environment or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **options,
    )


async def told(process: Any) -> tuple[int, str]:
    """Return the exit code and everything that *process* wrote."""
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


async def held(nats_url: str) -> list[Fact]:
    """Return every fact in the stream, in order."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        number = await _number(client)
        if not number:
            return []
        subscription = await client.jetstream().subscribe(f"{SUBJECT_ROOT}.>", ordered_consumer=True)
        return [CODEC.decode((await subscription.next_msg(timeout=10)).data) for _ in range(number)]
    finally:
        await broker.disconnect(client)


async def until_held(nats_url: str, least: int) -> None:
    """Return once the stream holds *least* facts."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        async with asyncio.timeout(30):
            while await _number(client) < least:
                await asyncio.sleep(0.02)
    finally:
        await broker.disconnect(client)


async def _number(client: Client) -> int:
    try:
        return int((await broker.ask(client, f"STREAM.INFO.{STREAM}")).state.messages)
    except broker.JetStreamError:
        return 0


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")}
