"""Everywhere that something could have been written: files, messages, rows, answers; and the search through all of it."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
from nats.aio.client import Client

from collector.stream import connection as broker

# No needle holds as many zeros, and files are full of them.
ZEROS = re.compile(rb"\0{64,}")
COLUMNS = """
    SELECT format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column, data_type AS type
    FROM information_schema.columns
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""


def search(haystacks: Mapping[str, bytes], needles: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return where which needle was found."""
    return {(place, name) for place, hay in haystacks.items() for name, needle in needles.items() if needle in hay}


def joined(pieces: Iterable[bytes]) -> bytes:
    """Return *pieces* as one haystack, each of them once."""
    return b"\xff\n".join(dict.fromkeys(ZEROS.sub(b"\0" * 32, piece) for piece in pieces))


def files_below(*folders: Path) -> bytes:
    """Return every byte of every file below *folders*."""
    return joined(file.read_bytes() for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())


def postgres_files(data: Path) -> Path:
    """Return the folder of the cluster that belongs to the installation in *data*."""
    location = data / "postgres" / "location"
    return Path(location.read_text().strip()) if location.exists() else data / "postgres" / "cluster"


async def messages(client: Client) -> bytes:
    """Return every message of every stream, the memory's too: subject, headers and body."""
    pieces: list[bytes] = []
    for name in (await broker.ask(client, "STREAM.NAMES")).streams or []:
        state = (await broker.ask(client, f"STREAM.INFO.{name}")).state
        for seq in range(state.first_seq, state.last_seq + 1):
            try:
                message = (await broker.ask(client, f"STREAM.MSG.GET.{name}", {"seq": seq})).message
            except broker.JetStreamError:  # purged
                continue
            pieces += [message.subject.encode(), base64.b64decode(message.hdrs), base64.b64decode(message.data)]
    return joined(pieces)


async def rows(database_url: str) -> bytes:
    """Return every column of every table as text, and what is stored as bytes as these bytes."""
    connection = await asyncpg.connect(database_url)
    try:
        pieces = [await _values(connection, column) for column in await connection.fetch(COLUMNS)]
    finally:
        await connection.close()
    return joined(piece for values in pieces for piece in values)


async def _values(connection: asyncpg.Connection, column: Any) -> list[bytes]:
    name = column["column"]
    values = [row[0] for row in await connection.fetch(f"SELECT {name}::text FROM {column['table']} WHERE {name} IS NOT NULL")]
    if column["type"] == "bytea":
        values += [row[0] for row in await connection.fetch(f"SELECT {name} FROM {column['table']} WHERE {name} IS NOT NULL")]
    return [value if isinstance(value, bytes) else value.encode() for value in values]
