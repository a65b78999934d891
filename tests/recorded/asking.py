"""Where the harness touches the product: it makes the worlds, asks them, and returns nothing but plain answers."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import msgspec
from httpx import Response

from collector.imports.accesslog.bring import bring_in
from collector.imports.accesslog.summary import Summary
from collector.imports.accesslog.walk import LogWalk
from collector.imports.delivery import Delivery, open_delivery
from collector.imports.demo.month import Month
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.sources import Sources
from collector.settings import read_settings
from collector.sites import AnySite, Site
from collector.stream import connection as broker
from contracts.codec import CODEC, type_of
from contracts.events import Fact
from contracts.jetstream import JetStreamError
from projections.migrations import migrate
from tests.bench.answers.rolled_up import roll_up
from tests.bench.world import opened
from tests.collector.ingest import Running, running
from tests.conftest import delete_streams, run_sql
from tests.facts import STREAM
from tests.projections.query.world import World, open_world
from tests.projections.world import Tables, connect_to_tables, projecting, until

Answers = dict[str, Any]
Publish = Callable[[Delivery], Awaitable[None]]
T = TypeVar("T")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DEMO = "demo.example"
DEMO_DAYS = 14
LIVE = "live.example"
LIVE_ID = "019a0000-0000-7000-8000-000000000001"
TENANT = "main"
STREAM_BYTES = 1 << 28

# What a caller sees of an answer beside its body; the rest is the server's or the framework's.
HEADERS = ("content-type", "x-collector-dropped", "retry-after", "allow", "cache-control")
HEADER_FAMILY = "access-control-"
ENVELOPE = ("tenant", "site", "page", "source", "device", "place", "bot", "bot_name", "batch")
PARTICULARS = ("name", "props", "revenue", "interactive", "engaged_ms", "scroll_percent")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

# The addresses of pages are not a promise, what they say is.
PAGES = {
    "site page: 30 days": "/sites/demo.example?period=30d",
    "site page: 7 days of everybody in Oslo, by source": (
        "/sites/demo.example?period=7d&timezone=Europe/Oslo&who=all&metric=bounce_rate&filter=channel:Referral&show=referrer"
    ),
    "list page: sources of 30 days": "/sites/demo.example/source?period=30d",
    "list page: countries of 7 days in New York": "/sites/demo.example/country?period=7d&timezone=America/New_York",
}


class Servers(msgspec.Struct, frozen=True, kw_only=True):
    """A running nats-server, whose stream is taken, and a running Postgres."""

    nats: NatsServer
    postgres: PostgresServer


@contextmanager
def servers() -> Iterator[Servers]:
    """Lend servers of our own; a test has those of its session."""
    with opened(is_quick=True) as world:
        yield Servers(nats=world.nats, postgres=world.postgres)


def run(asked: Coroutine[Any, Any, T]) -> T:
    """Return what *asked* returns."""
    return asyncio.run(asked)


async def ask_wire(on: Servers, requests: dict[str, Answers]) -> Answers:
    """Send *requests* to the ingest app in order; return what each was answered and what was stored of it."""
    async with _no_streams(on.nats.url), running(on.nats.url) as collector:
        return {name: {"request": request} | await _sent(collector, request) for name, request in requests.items()}


async def ask_demo(on: Servers, questions: Iterable[str]) -> tuple[Answers, Answers]:
    """Return the answers to *questions* about the demo, and what its pages say."""
    site = Site(tenant=TENANT, id=DEMO)
    month = Month(site=site, seed=1, days=DEMO_DAYS, now=NOW, sources=Sources())

    async def publish(delivery: Delivery) -> None:
        events = list(chain.from_iterable(month.by_day()))
        # What is imported says nothing about how far the answers reach, so one fact is not.
        live = msgspec.structs.replace(events[-1], id=LIVE_ID, site=LIVE, batch=None)
        for event in (*events, live):
            await delivery.send(event)

    async with _world(on, publish) as world:
        answers = {question: plain((await world.get(question)).text) for question in questions}
        pages = {name: words_of((await world.get(address)).text) for name, address in PAGES.items()}
    return answers, pages


async def ask_accesslog(on: Servers, log: Path, site: str, questions: Iterable[str]) -> tuple[Answers, list[str]]:
    """Return the answers to *questions* about *log* imported for *site*, and what the import says that it did.

    Facts give them, and then what was added up of the log's days, which are over: both have to say the same.
    """
    summary = Summary()
    named = Site(tenant=TENANT, id=site)
    walk = LogWalk(site=named, sites=AnySite(TENANT), lists=Lists.load(), clock=lambda: NOW)

    async def publish(delivery: Delivery) -> None:
        await bring_in([log], walk=walk, send=delivery.send, summary=summary)

    asked = list(questions)
    async with _world(on, publish) as world:
        await run_sql(world.database_url, "UPDATE web_g1.site_days SET state = 0")
        answers = {question: plain((await world.get(question)).text) for question in asked}
        await roll_up(world.database_url)
        assert answers == {question: plain((await world.get(question)).text) for question in asked}, "days say otherwise"
    return answers, [f"{number} {words.strip()}" for number, words in summary.rows(walk.crowd)]


def plain(text: str) -> Any:
    """Return the JSON in *text* when writing it again gives the same bytes, else *text*: equal answers are equal bytes."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return parsed if json.dumps(parsed, ensure_ascii=False, separators=(",", ":")) == text else text


class _Words(HTMLParser):
    """The words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.is_read = True
        self.feed(html)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.is_read = tag not in ("script", "style")

    def handle_endtag(self, _: str) -> None:
        self.is_read = True

    def handle_data(self, data: str) -> None:
        if self.is_read:
            self.words += data.split()


def words_of(html: str) -> str:
    """Return the text of *html* without tags, with single spaces."""
    return " ".join(_Words(html).words)


async def _sent(collector: Running, request: Answers) -> Answers:
    body = bytes.fromhex(request["bytes"]) if "bytes" in request else request.get("body", "").encode()
    before = await _last_seq(collector)
    asked = {"headers": request["headers"], "content": body or None}
    answer = await collector.http.request(request["method"], request["target"], **asked)
    stored = [await _fact(collector, seq) for seq in range(before + 1, await _last_seq(collector) + 1)]
    return {
        "status": answer.status_code,
        "headers": _headers(answer),
        "body": _body(answer, request),
        "stored": [_meaning(event) for event in stored],
    }


def _headers(answer: Response) -> dict[str, str]:
    shown = {name: value for name, value in answer.headers.items() if name in HEADERS or name.startswith(HEADER_FAMILY)}
    return dict(sorted(shown.items()))


def _body(answer: Response, request: Answers) -> Any:
    try:
        text = answer.content.decode()
    except UnicodeDecodeError:
        return f"bytes {answer.content.hex()}"
    # What the caller chose stays, for it is the caller's to find again.
    chosen = json.dumps(request)
    named = UUID.sub(lambda found: found[0] if found[0] in chosen else "<uuid>", text)
    return plain(MOMENT.sub("<time>", named))


def _meaning(event: Fact) -> Answers:
    """Return what *event* says, but for the visitor, the ids, the enrichers and the moment."""
    told: Answers = {"type": type_of(event), "is_of_now": event.occurred_at == event.received_at}
    for name in ENVELOPE + PARTICULARS:
        if hasattr(event, name):
            value = getattr(event, name)
            told[name] = msgspec.to_builtins(msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value)
    return told


async def _last_seq(collector: Running) -> int:
    with suppress(JetStreamError):  # the stream is made with its first fact
        return (await broker.ask(collector.client, f"STREAM.INFO.{STREAM}")).state.last_seq
    return 0


async def _fact(collector: Running, seq: int) -> Fact:
    message = (await broker.ask(collector.client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq})).message
    return CODEC.decode(msgspec.convert(message.data, bytes))


@asynccontextmanager
async def _world(on: Servers, publish: Publish) -> AsyncIterator[World]:
    """Lend an application, at NOW, that answers about what *publish* put into an empty stream."""
    settings = read_settings({"COLLECTOR_NATS_URL": on.nats.url, "COLLECTOR_STREAM_MAX_BYTES": str(STREAM_BYTES)})
    async with _no_streams(on.nats.url), _database(on.postgres) as database_url:
        async with open_delivery(settings) as delivery:
            await publish(delivery)
            await delivery.finish()
            messages = int((await broker.ask(delivery.client, f"STREAM.INFO.{STREAM}")).state.messages)
        await _project(on.nats.url, database_url, messages)
        async with open_world(database_url, tenant=TENANT) as world:
            world.now = NOW
            yield world


async def _project(nats_url: str, database_url: str, messages: int) -> None:
    connection = await connect_to_tables(database_url)
    try:
        async with projecting(nats_url, database_url) as projector:
            await until(partial(_all_of, Tables(connection), messages), watching=projector)
        # Or the planner takes the tables for empty.
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _all_of(tables: Tables, messages: int) -> bool:
    return await tables.dealt_with() >= messages


@asynccontextmanager
async def _database(postgres: PostgresServer) -> AsyncIterator[str]:
    name = f"recorded_{secrets.token_hex(6)}"
    await migrate(postgres.url_of(name))
    yield postgres.url_of(name)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@asynccontextmanager
async def _no_streams(nats_url: str) -> AsyncIterator[None]:
    """Begin without any stream and leave none: an id that was seen before would be a repetition."""
    await delete_streams(nats_url)
    yield
    await delete_streams(nats_url)
