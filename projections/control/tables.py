"""control_things and what belongs to it: each thing as its events leave it, how far they are read, and which could not be.

Shared, for no generation folds them: the stream of decisions is small, and is read whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control import Thing, fold, goals, keys, mounts, people, quarantine, sites, tenants
from contracts.control.envelope import ControlEvent, kind_of
from contracts.control.loss import Place
from contracts.control.sites import site_id
from projections.control import erased, left_out
from projections.schema import SHARED, moment, words
from projections.stream.item import Quarantined, Reason, Sequenced

# ``tenant`` is whose the thing is, empty where it is nobody's; ``owner`` is the thing that it hangs on: a session's member, a
# name's, a key's, a goal's or a funnel's site. ``seq`` is the event's in the stream that it is ``version`` by.
THINGS = Table(
    "control_things",
    SHARED,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    words("tenant"),
    words("owner"),
    Column("version", Integer, nullable=False),
    Column("state", JSONB, nullable=False),
    moment("changed_at"),
    Column("seq", BigInteger, nullable=False),
    Index("control_things_by_tenant", "tenant", "kind", "id"),
    Index("control_things_by_kind", "kind", "owner"),
)

# One row at most. Whoever asks may be of any tenant, so how many there are, and how many members, is said here.
READING = Table(
    "control_reading",
    SHARED,
    moment("stream_created"),
    Column("seq", BigInteger, nullable=False),
    words("message_id"),  # at seq
    Column("tenants", Integer, nullable=False, server_default="0"),
    Column("members", Integer, nullable=False, server_default="0"),
    Column("id", Integer, primary_key=True, autoincrement=False),
)
_THE_ROW = 1
# How many members there are is not known before everything is read; whoever asks whether there are any is told so.
_UNKNOWN = -1

# A pointer into the stream and a class, never the payload.
UNREADABLE = Table(
    "control_unreadable",
    SHARED,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    words("reason"),
)

TABLES = (THINGS, READING, UNREADABLE, *erased.TABLES, *left_out.TABLES)

_STATES: Mapping[str, type[Thing]] = {
    tenants.KIND: tenants.Tenant,
    sites.KIND: sites.Site,
    sites.NAME_KIND: sites.Name,
    mounts.KIND: mounts.MountClaim,
    keys.KIND: keys.Key,
    people.KIND: people.Member,
    people.SESSION_KIND: people.Session,
    goals.GOAL_KIND: goals.Goal,
    goals.FUNNEL_KIND: goals.Funnel,
    quarantine.KIND: quarantine.StreamOfFacts,
}
_JSON = msgspec.json.Encoder()


async def read_reading(connection: AsyncConnection) -> Place | None:
    """Return how far the decisions are read, or None before the first time."""
    return _reading((await connection.execute(_READING)).one_or_none())


async def hold_reading(connection: AsyncConnection) -> Place | None:
    """Return the same, which nobody else moves until the transaction ends."""
    return _reading((await connection.execute(_READING.with_for_update())).one_or_none())


async def begin_reading(connection: AsyncConnection, created: datetime, *, last_seq: int = 0) -> None:
    """Forget everything, for the stream that was *created* then, and ends at *last_seq*, says what holds now."""
    for table in (THINGS, UNREADABLE):
        await connection.execute(delete(table))
    await erased.forget_erased(connection)
    await left_out.forget_left_out(connection)
    row = insert(READING).values(
        id=_THE_ROW, stream_created=created, seq=0, message_id="", tenants=0, members=_UNKNOWN if last_seq else 0
    )
    anew = {name: row.excluded[name] for name in ("stream_created", "seq", "message_id", "tenants", "members")}
    await connection.execute(row.on_conflict_do_update(index_elements=[READING.c.id], set_=anew))


async def keep(
    connection: AsyncConnection, items: Sequence[Sequenced[Any] | Quarantined], *, last_seq: int = 0
) -> dict[int, Reason]:
    """Fold *items*, which are the next of the stream, into the things that they are about, and move on to the last of them.

    Before *last_seq* it stays unknown how many members there are, if it was.
    Return the sequences of those that cannot be read, and why.
    """
    strange = dict(filter(None, map(_strange, items)))
    await _keep_things(connection, [item for item in items if isinstance(item, Sequenced) and item.seq not in strange])
    if strange:
        rows = [{"seq": seq, "reason": reason.value} for seq, reason in strange.items()]
        await connection.execute(insert(UNREADABLE).on_conflict_do_nothing(), rows)
    await connection.execute(_MOVE, {"seq": items[-1].seq, "message_id": items[-1].message_id, "last_seq": last_seq})
    return strange


async def unreadable(connection: AsyncConnection) -> Sequence[int]:
    """Return the sequences of the events that could not be read."""
    return (await connection.scalars(select(UNREADABLE.c.seq).order_by(UNREADABLE.c.seq))).all()


async def known_by_kind(connection: AsyncConnection) -> dict[str, int]:
    """Return how many things there are of each kind that there is."""
    query = select(THINGS.c.kind, func.count().label("things")).group_by(THINGS.c.kind)
    return {row.kind: row.things for row in await connection.execute(query)}


async def things_by_id(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Thing]:
    """Return those of the things called *ids* that there are, and that the connection may see."""
    query = select(THINGS.c.id, func.cast(THINGS.c.state, Text)).where(THINGS.c.id.in_(list(ids)))
    return {id_: thing_in(id_, state) for id_, state in await connection.execute(query)}


async def things_of(connection: AsyncConnection, kind: str, tenant: str, *, owner: str | None = None) -> list[Thing]:
    """Return every thing of a *kind* that is *tenant*'s, by id; those of one *owner* alone where it is named."""
    columns = THINGS.c
    query = select(columns.id, func.cast(columns.state, Text)).where(columns.tenant == tenant, columns.kind == kind)
    if owner is not None:
        query = query.where(columns.owner == owner)
    return [thing_in(id_, state) for id_, state in await connection.execute(query.order_by(columns.id))]


def thing_in(id_: str, state: str) -> Thing:
    """Return the thing whose *state* a row holds."""
    return msgspec.json.decode(state, type=_STATES[kind_of(id_)])


_READING = select(READING.c.stream_created, READING.c.seq, READING.c.message_id)
_MOVE = text("""
    UPDATE control_reading SET seq = CAST(:seq AS bigint), message_id = :message_id,
        tenants = (SELECT count(*) FROM control_things WHERE kind = 'tenant'),
        members = CASE WHEN members >= 0 OR CAST(:seq AS bigint) >= CAST(:last_seq AS bigint)
            THEN (SELECT count(*) FROM control_things WHERE kind = 'member' AND state ->> 'state' = 'joined') ELSE members END
""")
_WRITE = text("""
    INSERT INTO control_things (id, kind, tenant, owner, version, state, changed_at, seq)
    SELECT id, kind, tenant, owner, version, CAST(state AS jsonb), changed_at, seq FROM unnest(
        CAST(:id AS text[]), CAST(:kind AS text[]), CAST(:tenant AS text[]), CAST(:owner AS text[]),
        CAST(:version AS integer[]), CAST(:state AS text[]), CAST(:changed_at AS timestamptz[]), CAST(:seq AS bigint[])
    ) AS row (id, kind, tenant, owner, version, state, changed_at, seq)
    ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, owner = excluded.owner, version = excluded.version,
        state = excluded.state, changed_at = excluded.changed_at, seq = excluded.seq
""")


def _strange(item: Sequenced[Any] | Quarantined) -> tuple[int, Reason] | None:
    if isinstance(item, Quarantined):
        return item.seq, item.reason
    return None if kind_of(item.event.originator_id) in _STATES else (item.seq, Reason.UNKNOWN_TYPE)


async def _keep_things(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> None:
    things: dict[str, Thing | None] = dict(await things_by_id(connection, {fact.event.originator_id for fact in facts}))
    rows: dict[str, dict[str, object]] = {}
    for fact in facts:
        event: ControlEvent = fact.event
        before = things.get(event.originator_id)
        thing = fold(before, event)
        if thing is None or thing is before:
            continue
        things[thing.id] = thing
        rows[thing.id] = _row(thing, event.at, fact.seq)
        if isinstance(thing, sites.Site):
            await erased.keep_erased(connection, thing, event, fact.seq)
        elif isinstance(thing, quarantine.StreamOfFacts):
            await left_out.keep_left_out(connection, thing, event, fact.seq)
    if rows:
        columns = {column.name: [row[column.name] for row in rows.values()] for column in THINGS.columns}
        await connection.execute(_WRITE, columns)


def member_of(session: people.Session) -> str:
    """Return the id of the member whom *session* is of."""
    return people.member_id(session.member.removeprefix(f"{people.KIND}:"))


def _row(thing: Thing, changed_at: datetime, seq: int) -> dict[str, object]:
    tenant, owner = _belongs_to(thing)
    return {
        "id": thing.id,
        "kind": kind_of(thing.id),
        "tenant": tenant,
        "owner": owner,
        "version": thing.version,
        "state": _JSON.encode(thing).decode(),
        "changed_at": changed_at,
        "seq": seq,
    }


def _belongs_to(thing: Thing) -> tuple[str, str]:
    """Return whose *thing* is, and what it hangs on."""
    match thing:
        case tenants.Tenant():
            return thing.name, ""
        case sites.Site():
            return thing.tenant, ""
        case sites.Name() | mounts.MountClaim():
            return thing.tenant, site_id(thing.tenant, thing.key) if thing.key else ""
        case keys.Key() | goals.Goal() | goals.Funnel():
            return thing.tenant, "" if thing.site is None else site_id(thing.tenant, thing.site)
        case people.Session():
            return "", member_of(thing)
    return "", ""


def _reading(row: Any) -> Place | None:
    return None if row is None else Place(created=row.stream_created, seq=row.seq, message_id=row.message_id)
