"""Planting somebody, in every form, in every place: a search that does not find them proves nothing about the others."""

import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from nats.aio.client import Client

from collector.record import uuid7
from collector.stream import connection as broker
from contracts.streams import subject_of
from tests.privacy.needles import needles_of, needles_of_key, packed_needle
from tests.privacy.person import Person
from tests.privacy.traffic import SITE
from tests.running import Up

STREAM = "PLANTED"
# What no key is: found wherever a real one would be.
KEY = bytes(range(100, 132))
BETWEEN = b"\xfe|"
TABLE = "CREATE TABLE planted (raw bytea, words text, document jsonb, address inet, number bigint)"


def seeds(planted: Person) -> bytes:
    """Return every needle of the planted person and key as one piece."""
    return BETWEEN.join(_seeds(planted))


def _seeds(planted: Person) -> list[bytes]:
    return [*needles_of(planted).values(), *needles_of_key(KEY).values()]


async def plant_in_nats(client: Client, planted: Person) -> None:
    """Put everything into a stream of its own; and a fact of the planted person where facts are, as a defect would."""
    await broker.ask(client, f"STREAM.CREATE.{STREAM}", {"name": STREAM, "subjects": ["planted.>"], "storage": "file"})
    await client.request("planted.body", seeds(planted), timeout=5)
    await client.request("planted.header", b"", headers={"X-Planted": planted.email}, timeout=5)
    subject = subject_of("web", "main", SITE, "page_viewed.v1")
    for body in (_fact(planted), _poison(planted)):
        await client.request(subject, body, timeout=5)


async def plant_in_postgres(url: str, planted: Person) -> None:
    """Put everything into a table, also as the types and the compression in which no search of files can see it."""
    hidden = json.dumps({"padding": "x" * 20_000, "email": planted.email, "ip": planted.ip})
    (packed,) = packed_needle(planted).values()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLE)
        # A row each: what is long is stored in chunks, and the border between two would cut one.
        await connection.executemany("INSERT INTO planted (raw) VALUES ($1)", [(seed,) for seed in _seeds(planted)])
        row = "INSERT INTO planted VALUES ($1, $2, $3, $4, $5)"
        await connection.execute(row, packed, planted.user_agent, hidden, planted.ip, int.from_bytes(packed))
    finally:
        await connection.close()


def plant_in_files(running: Up, temporary: Path, planted: Person) -> None:
    """Put everything where programs leave things behind, once nobody writes there any more."""
    for file in (running.data / "logs" / "web.log", running.output, temporary / "forgotten"):
        with file.open("ab") as open_file:
            open_file.write(seeds(planted))


def _fact(planted: Person) -> bytes:
    now = datetime.now(UTC)
    fact = {
        "type": "page_viewed.v1",
        "id": uuid7(now),
        "tenant": "main",
        "site": SITE,
        "occurred_at": now.isoformat(),
        "received_at": now.isoformat(),
        "salt_day": now.date().isoformat(),
        "visitor": "00" * 16,
        "page": {"hostname": SITE, "path": f"/of/{planted.email}/{planted.ip}"},
    }
    return json.dumps(fact).encode()


def _poison(planted: Person) -> bytes:
    return json.dumps({"type": "page_viewed.v1", planted.email: planted.ip, "agent": planted.user_agent}).encode()
