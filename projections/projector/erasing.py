"""Erasing: a generation gives up the rows of the sites that are deleted, all of them in the transaction that notes it."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Integer, Table, Text, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import Site, SiteState, site_id
from contracts.streams import subjects_of_site
from projections.control.tables import things_by_id
from projections.database import PROJECTING, open_engine
from projections.generations import Generation
from projections.projector.dedup import forget_site
from projections.projector.ends import ENDS
from projections.projector.positions import POSITIONS
from projections.projector.projection import Projection
from projections.projector.quarantine import QUARANTINE
from projections.projector.recount import recount
from projections.read_models.model import erase_rows
from projections.schema import BOOKS
from projections.stream import NoStream, Stream

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
# A large site's rows go in one statement, for which others of the same partition wait.
_SESSION = {**PROJECTING, "statement_timeout": "2h"}

# The sites whose rows are gone, by what the control stream said of them last when they went.
ERASED_SITES = Table(
    "erased_sites",
    BOOKS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)


class Due(NamedTuple):
    """A site of which something was erased since its rows went, and the event that said so last."""

    tenant: str
    site: str
    seq: int


class Erasing:
    """Gives up rows of one partition of *generation*; ``close`` it.

    Whoever does it reads the stream anew after it: of what they had read already, some may be gone.
    """

    def __init__(
        self, database_url: str, projection: Projection, generation: Generation, *, partition: int, partitions: int
    ) -> None:
        self._engine = open_engine(database_url, _SESSION, pool_size=1)
        self._models = projection.models
        self._schema = generation.schema
        stream = projection.streams(partitions)[partition].name
        self._partition = partition
        self._mine = {"partition": partition, "partitions": partitions, "stream": stream}
        self._looked_at = float("-inf")

    async def close(self) -> None:
        """Leave Postgres."""
        await self._engine.dispose()

    async def is_due(self) -> bool:
        """Say whether anything is to be given up; asked more often than a few times in a second, say no."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        async with self._engine.begin() as connection:
            await self._enter(connection)
            return bool(await self._due(connection))

    async def give_up(self, stream: Stream) -> bool:
        """Give up the rows of every site that is due, each site's in one transaction, and note it; tell whether any was.

        What *stream* still holds of a site whose erasure is over came after it, and counts again at once.
        """
        async with self._engine.begin() as connection:
            await self._enter(connection)
            due = await self._due(connection)
        for one in due:
            async with self._engine.begin() as connection:
                await self._enter(connection)
                # Nobody writes rows of the partition meanwhile.
                mine = select(POSITIONS.c.seq, POSITIONS.c.stream_created).where(POSITIONS.c.partition == self._partition)
                position = (await connection.execute(mine.with_for_update())).one_or_none()
                rows = await self._erase(connection, one)
                again = 0 if position is None else await self._recount(connection, stream, one, *position)
            LOG.info("the rows of a deleted site are gone", extra={"schema": self._schema, "rows": rows, "again": again})
        return bool(due)

    async def _recount(self, connection: AsyncConnection, stream: Stream, one: Due, upto: int, created: datetime) -> int:
        id_ = site_id(one.tenant, one.site)
        site = (await things_by_id(connection, [id_])).get(id_)
        # While it is being erased, whatever is there is about to go.
        if not upto or (isinstance(site, Site) and site.state is SiteState.ERASING):
            return 0
        # What stands in another stream was not counted; that there is another is refused as soon as it is read.
        with suppress(NoStream):
            if (await stream.identity()).created == created:
                subjects = subjects_of_site(one.tenant, one.site)
                return await recount(connection, self._models, stream, self._partition, subjects=subjects, upto=upto)
        return 0

    async def _erase(self, connection: AsyncConnection, one: Due) -> int:
        rows = sum(
            [await model.erase_site(connection, one.tenant, one.site) for model in self._models if model.erase_site is not None]
        )
        await forget_site(connection, one.tenant, one.site)
        for table in (QUARANTINE, ENDS):
            await erase_rows(connection, table, one.tenant, one.site)
        note = insert(ERASED_SITES).values(**one._asdict(), partition=self._partition)
        keys = [column.name for column in ERASED_SITES.primary_key]
        await connection.execute(note.on_conflict_do_update(index_elements=keys, set_={"seq": note.excluded.seq}))
        return rows

    async def _enter(self, connection: AsyncConnection) -> None:
        """Have unqualified names mean the generation's tables first, and then those that are shared."""
        await connection.execute(_ENTER, {"schema": self._schema})

    async def _due(self, connection: AsyncConnection) -> list[Due]:
        return [Due(*row) for row in await connection.execute(_DUE, self._mine)]


_ENTER = text(
    "SELECT set_config('search_path', quote_ident(CAST(:schema AS text)) || ', ' || current_setting('search_path'), true)"
)
_DUE = text("""
    SELECT tenant, site, max(erasures.seq) FROM erasures
    LEFT JOIN (SELECT tenant, site, seq FROM erased_sites WHERE partition = :partition) AS done USING (tenant, site)
    WHERE stream = :stream OR (stream = '' AND bucket % CAST(:partitions AS integer) = :partition)
    GROUP BY tenant, site, done.seq HAVING max(erasures.seq) IS DISTINCT FROM done.seq
""")
