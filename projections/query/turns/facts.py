"""Facts: the facts of a site's turns as they were told, the newest first, and how many of each kind there are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import fact_hours
from projections.query.turns.window import Window
from projections.read_models.turn_facts import Kind

_COLUMNS = (
    "CAST(event_id AS text) AS event_id, occurred_at, kind, name, key, subject, turn, conversation, journey, step, session,"
    " sequence, model, provider, prompt_version, prompt, response, duration_ms, value, comment, word, size, retry, is_last,"
    " props"
)


class Told(Struct, frozen=True, kw_only=True):
    """One fact, in the words of its row (see read_models/turn_facts.py)."""

    event_id: str
    occurred_at: datetime
    kind: Kind
    name: str
    key: str
    subject: str
    turn: str
    conversation: str
    journey: str
    step: str
    session: str
    sequence: int | None
    model: str
    provider: str
    prompt_version: str
    prompt: str
    response: str
    duration_ms: int | None
    value: float | None
    comment: str
    word: str
    size: int | None
    retry: int
    is_last: bool
    props: dict[str, Any]


class Chosen(Struct, frozen=True, kw_only=True):
    """Which kinds of facts: of no kind and no name means all; ``names`` are actions', and ``search`` what their words hold."""

    kinds: frozenset[Kind] = frozenset()
    names: frozenset[str] = frozenset()
    search: str = ""

    def where(self) -> str:
        """Return the condition; values() are its parameters."""
        parts = []
        if self.kinds or self.names:
            named = f"(kind = {Kind.ACTION} AND name = ANY(CAST(:names AS text[])))"
            parts.append(f"(kind = ANY(CAST(:kinds AS smallint[])) OR {named})" if self.names else _OF_KINDS)
        if self.search:
            parts.append(f"{_HAS_WORDS} AND concat_ws(E'\\n', prompt, response, comment) ILIKE :pattern")
        return " AND ".join(parts) or "TRUE"

    def values(self) -> dict[str, Any]:
        """Return the parameters of where()."""
        asked: dict[str, Any] = {}
        if self.kinds or self.names:
            asked["kinds"] = [int(kind) for kind in sorted(self.kinds)]
        if self.names:
            asked["names"] = sorted(self.names)
        if self.search:
            asked["pattern"] = f"%{_literally(self.search)}%"
        return asked


_OF_KINDS = "kind = ANY(CAST(:kinds AS smallint[]))"
# As the index has it.
_HAS_WORDS = "(prompt <> '' OR response <> '' OR comment <> '')"
EVERYTHING = Chosen()


async def newest(
    connection: AsyncConnection, window: Window, chosen: Chosen = EVERYTHING, *, limit: int, offset: int = 0
) -> list[Told]:
    """Return at most *limit* facts, the newest first, after leaving *offset* of them out."""
    # Which they are is mostly read from an index; only those that are shown are looked at.
    query = f"""
        SELECT {_COLUMNS} FROM turn_facts JOIN (
            SELECT occurred_at, event_id FROM turn_facts WHERE {window.where()} AND {chosen.where()}
            ORDER BY occurred_at DESC, event_id DESC LIMIT :limit OFFSET :offset
        ) AS page USING (occurred_at, event_id)
        WHERE tenant = :tenant AND site = :site ORDER BY occurred_at DESC, event_id DESC
    """
    asked = window.values() | chosen.values() | {"limit": limit, "offset": offset}
    return [_told(row) for row in (await connection.execute(text(query), asked)).mappings()]


async def count(connection: AsyncConnection, window: Window, chosen: Chosen = EVERYTHING) -> int:
    """Return how many facts there are."""
    if window.is_narrow or chosen.search:
        query = f"SELECT count(*) FROM turn_facts WHERE {window.where()} AND {chosen.where()}"
        return int(await connection.scalar(text(query), window.values() | chosen.values()) or 0)
    hours, asked = fact_hours(window)
    query = f"SELECT sum(facts) FROM ({hours}) AS hours WHERE {chosen.where()}"
    return int(await connection.scalar(text(query), asked | chosen.values()) or 0)


async def count_by_kind(connection: AsyncConnection, window: Window) -> list[tuple[Kind, str, int]]:
    """Return how many facts there are of each kind, and of actions of each name, the most frequent first."""
    hours, asked = fact_hours(window)
    query = f"""
        SELECT kind, CASE kind WHEN {Kind.ACTION} THEN name ELSE '' END AS called, CAST(sum(facts) AS bigint) AS facts
        FROM ({hours}) AS hours GROUP BY kind, called ORDER BY facts DESC, kind, called
    """
    return [(Kind(row.kind), row.called, row.facts) for row in await connection.execute(text(query), asked)]


async def is_subject(connection: AsyncConnection, window: Window, subject: str) -> bool:
    """Say whether the site of *window* has facts of *subject*, whenever they happened."""
    query = "SELECT EXISTS (SELECT FROM turn_facts WHERE tenant = :tenant AND site = :site AND subject = :subject)"
    asked = {"tenant": window.tenant, "site": window.site, "subject": subject}
    return bool(await connection.scalar(text(query), asked))


async def of_turns(connection: AsyncConnection, window: Window, turns: Collection[str]) -> Mapping[str, Sequence[Told]]:
    """Return every fact of *turns* whenever it happened, by its turn and in order of time."""
    query = f"""
        SELECT {_COLUMNS} FROM turn_facts
        WHERE tenant = :tenant AND site = :site AND turn <> '' AND turn = ANY(CAST(:turns AS text[]))
        ORDER BY occurred_at, event_id
    """
    asked = {"tenant": window.tenant, "site": window.site, "turns": sorted(set(turns) - {""})}
    found: dict[str, list[Told]] = {}
    for row in (await connection.execute(text(query), asked)).mappings():
        found.setdefault(row["turn"], []).append(_told(row))
    return found


def _told(row: RowMapping) -> Told:
    return Told(**{**row, "kind": Kind(row["kind"]), "props": row["props"] or {}})


def _literally(searched: str) -> str:
    return searched.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
