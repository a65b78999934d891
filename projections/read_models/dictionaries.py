"""Dictionaries: what facts say over and over, kept once for each site, so that a row holds a number in its place.

A number has no meaning outside its generation: it is given in the order in which values come, and the views ``hits`` and
``visits`` put the values back. Numbers are given inside the transaction that needs them; a session remembers those that are
committed, for nothing takes one away but the erasure of its site.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import Struct, field
from sqlalchemy import Column, Connection, Engine, Identity, Integer, LargeBinary, Table, Text, UniqueConstraint, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import WebEvent
from projections.database import Unstorable
from projections.read_models import description
from projections.read_models.model import ReadModel
from projections.schema import WEB, words
from projections.stream.item import Sequenced

# Whose a value is, and the value: (site's number, text, ...).
Key: TypeAlias = tuple[Any, ...]

NONE: Final = 0
_MOST_REMEMBERED: Final = 100_000
_FINGERPRINT_BYTES: Final = 16
_REMEMBERED: Final = "collector.codes"


def _number() -> Column[int]:
    return Column("id", Integer, Identity(always=True), primary_key=True)


TENANT_IDS = Table("tenant_ids", WEB, _number(), Column("tenant", Text, nullable=False, unique=True))
SITE_IDS = Table(
    "site_ids",
    WEB,
    _number(),
    Column("owner", Integer, nullable=False),  # the tenant's number
    Column("tenant", Text, nullable=False),
    Column("site", Text, nullable=False),
    UniqueConstraint("tenant", "site"),
)


def _dictionary(name: str, columns: Iterable[str]) -> Table:
    return Table(
        name,
        WEB,
        _number(),
        Column("tenant", Integer, nullable=False),
        Column("site", Integer, nullable=False),
        # An index holds no long text: a value is found by what its texts hash to.
        Column("fingerprint", LargeBinary, nullable=False),
        *map(words, columns),
        UniqueConstraint("site", "fingerprint"),
    )


PAGES = _dictionary("pages", ("hostname", "path"))
CLIENTS = _dictionary("clients", description.OF_CLIENT)
ORIGINS = _dictionary("origins", description.OF_ORIGIN)
NAMES = _dictionary("event_names", ("name",))

DICTIONARIES = (PAGES, CLIENTS, ORIGINS, NAMES)
TABLES = (TENANT_IDS, SITE_IDS, *DICTIONARIES)


class Coded(NamedTuple):
    """What a fact says, in numbers; ``name`` is NONE where it has none."""

    tenant: int
    site: int
    page: int
    client: int
    origin: int
    name: int


class _Session(Struct):
    """What one session knows: numbers that are committed, those of the transaction under way, and the facts it has coded."""

    known: dict[tuple[str, Key], int] = field(default_factory=dict)
    pending: dict[tuple[str, Key], int] = field(default_factory=dict)
    coded: dict[int, tuple[WebEvent, Coded]] = field(default_factory=dict)

    def keep(self) -> None:
        """Remember what the transaction that commits has found or given."""
        if len(self.known) + len(self.pending) > _MOST_REMEMBERED:
            self.known.clear()
        self.known.update(self.pending)
        self.drop()

    def drop(self) -> None:
        """Forget what the transaction has found or given: it may never have been."""
        self.pending.clear()
        self.coded.clear()


@event.listens_for(Engine, "commit")
def _keep(connection: Connection) -> None:
    session = connection.info.get(_REMEMBERED)
    if session is not None:
        session.keep()


@event.listens_for(Engine, "rollback")
def _drop(connection: Connection) -> None:
    # What a session that is lost remembers is lost with it.
    session = None if connection.invalidated else connection.info.get(_REMEMBERED)
    if session is not None:
        session.drop()


@event.listens_for(Engine, "rollback_savepoint")
def _drop_to_savepoint(connection: Connection, _name: str, _context: object) -> None:
    _drop(connection)


async def code(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> list[Coded]:
    """Return what each of *facts* says in numbers, giving those that are missing."""
    session = _session(connection)
    new = [fact.event for fact in facts if id(fact.event) not in session.coded]
    if new:
        await _code(connection, session, new)
    return [session.coded[id(fact.event)][1] for fact in facts]


async def _code(connection: AsyncConnection, session: _Session, events: Sequence[WebEvent]) -> None:
    sites = await _sites(connection, session, {(event.tenant, event.site) for event in events})
    said = [_said(event, *sites[event.tenant, event.site]) for event in events]
    numbers = []
    for place, table in enumerate(DICTIONARIES, start=2):
        keys = {(one[0], one[1], one[place]) for one in said if one[place] is not None}
        numbers.append(await _numbers(connection, session, table, keys))
    for event_, (tenant, site, *values) in zip(events, said, strict=True):
        codes = (NONE if value is None else found[tenant, site, value] for found, value in zip(numbers, values, strict=True))
        session.coded[id(event_)] = (event_, Coded(tenant, site, *codes))


def _said(event_: WebEvent, tenant: int, site: int) -> tuple[Any, ...]:
    page = event_.page
    name = getattr(event_, "name", None)
    return (
        tenant,
        site,
        (page.hostname, page.path),
        description.client_of(event_),
        description.origin_of(event_),
        None if name is None else (name,),
    )


def forget(connection: AsyncConnection) -> None:
    """Have the session of *connection* look every number up again: some are about to go."""
    connection.info.pop(_REMEMBERED, None)


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete what the dictionaries hold of *tenant*'s *site*, once no row is of it; return 0, for nothing of it was a fact.

    Other sessions that remember its numbers must be closed.
    """
    forget(connection)
    asked = {"tenant": tenant, "site": site}
    for table in DICTIONARIES:
        await connection.execute(text(f"DELETE FROM {table.name} WHERE site = ({SITE_NUMBER})"), asked)
    await connection.execute(text("DELETE FROM site_ids WHERE tenant = :tenant AND site = :site"), asked)
    return 0


async def _nothing(_: AsyncConnection, __: Sequence[Sequenced[Any]]) -> None:
    """Do nothing: whoever writes rows asks for the numbers in them."""


# Behind the models whose rows hold the numbers: they are erased first.
MODEL = ReadModel(name="dictionaries", tables=TABLES, facts=(), version=1, upsert=_nothing, erase_site=erase_site)

SITE_NUMBER = "SELECT id FROM site_ids WHERE tenant = :tenant AND site = :site"

# Two in one statement: what is there is found, and what is not is made; nobody else writes of a site at the same time.
_TENANTS = text("""
    WITH made AS (
        INSERT INTO tenant_ids (tenant) SELECT given FROM unnest(CAST(:tenants AS text[])) AS given
        WHERE NOT EXISTS (SELECT FROM tenant_ids WHERE tenant = given) ON CONFLICT DO NOTHING RETURNING id, tenant
    )
    SELECT id, tenant FROM made UNION ALL SELECT id, tenant FROM tenant_ids WHERE tenant = ANY(CAST(:tenants AS text[]))
""")
_SITES = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:owners AS int[]), CAST(:tenants AS text[]), CAST(:sites AS text[]))
            AS given (owner, tenant, site)
    ), made AS (
        INSERT INTO site_ids (owner, tenant, site) SELECT given.* FROM given
        WHERE NOT EXISTS (SELECT FROM site_ids AS held WHERE (held.tenant, held.site) = (given.tenant, given.site))
        ON CONFLICT DO NOTHING RETURNING id, owner, tenant, site
    )
    SELECT id, owner, tenant, site FROM made
    UNION ALL SELECT held.id, held.owner, held.tenant, held.site FROM site_ids AS held JOIN given USING (tenant, site)
""")


async def _sites(
    connection: AsyncConnection, session: _Session, wanted: set[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[int, int]]:
    name = SITE_IDS.name
    missing = {key for key in wanted if (name, key) not in session.known and (name, key) not in session.pending}
    if missing:
        tenants = sorted({tenant for tenant, _ in missing})
        owners = {row.tenant: row.id for row in await connection.execute(_TENANTS, {"tenants": tenants})}
        # A tenant of several sites may be made by somebody else in the same moment, and is seen by the next statement.
        if len(owners) < len(tenants):
            owners |= {row.tenant: row.id for row in await connection.execute(_TENANTS, {"tenants": tenants})}
        of = sorted(missing)
        asked = {
            "owners": [owners[tenant] for tenant, _ in of],
            "tenants": [tenant for tenant, _ in of],
            "sites": [site for _, site in of],
        }
        for row in await connection.execute(_SITES, asked):
            session.pending[name, (row.tenant, row.site)] = row.id
            session.pending[TENANT_IDS.name, (row.tenant,)] = row.owner
    return {key: (_at(session, TENANT_IDS.name, (key[0],)), _at(session, name, key)) for key in wanted}


async def _numbers(connection: AsyncConnection, session: _Session, table: Table, wanted: set[Key]) -> Mapping[Key, int]:
    name, known = table.name, session.known
    found: dict[Key, int] = {}
    missing: list[Key] = []
    for key in wanted:
        number = known.get((name, key)) or session.pending.get((name, key))
        if number is None:
            missing.append(key)
        else:
            found[key] = number
    if missing:
        given = await _give(connection, table, missing)
        session.pending.update({(name, key): number for key, number in given.items()})
        found.update(given)
    return found


async def _give(connection: AsyncConnection, table: Table, missing: Sequence[Key]) -> dict[Key, int]:
    by_print = {(site, fingerprint(values)): (tenant, site, values) for tenant, site, values in missing}
    columns = [column.name for column in table.columns][4:]
    texts = zip(*(values for _, _, values in by_print.values()), strict=True)
    asked = {
        "tenants": [tenant for tenant, _, _ in by_print.values()],
        "sites": [site for site, _ in by_print],
        "fingerprints": [print_ for _, print_ in by_print],
    } | dict(zip(columns, map(list, texts), strict=True))
    rows = await connection.execute(text(_giving(table.name, columns)), asked)
    return {by_print[row.site, bytes(row.fingerprint)]: row.id for row in rows}


def _giving(table: str, columns: Sequence[str]) -> str:
    arrays = ", ".join(f"CAST(:{name} AS text[])" for name in columns)
    listed = ", ".join(columns)
    return f"""
        WITH given AS (
            SELECT * FROM unnest(CAST(:tenants AS int[]), CAST(:sites AS int[]), CAST(:fingerprints AS bytea[]), {arrays})
                AS given (tenant, site, fingerprint, {listed})
        ), made AS (
            INSERT INTO {table} (tenant, site, fingerprint, {listed}) SELECT given.* FROM given
            WHERE NOT EXISTS (SELECT FROM {table} AS held WHERE (held.site, held.fingerprint) = (given.site, given.fingerprint))
            ON CONFLICT DO NOTHING RETURNING id, site, fingerprint
        )
        SELECT id, site, fingerprint FROM made
        UNION ALL SELECT held.id, held.site, held.fingerprint FROM {table} AS held JOIN given USING (site, fingerprint)
    """  # names of our own


def fingerprint(values: Iterable[str]) -> bytes:
    """Return what a dictionary finds *values* by: the first half of SHA-256 over each with its length before it."""
    told = "".join(f"{len(value)}:{value}" for value in values)
    try:
        return hashlib.sha256(told.encode()).digest()[:_FINGERPRINT_BYTES]
    except UnicodeEncodeError as error:
        raise Unstorable(type(error).__name__) from None


def _session(connection: AsyncConnection) -> _Session:
    session: _Session = connection.info.setdefault(_REMEMBERED, _Session())
    return session


def _at(session: _Session, table: str, key: Key) -> int:
    return session.pending.get((table, key)) or session.known[table, key]
