"""Leaving out: a generation obeys what was decided about facts that count for nothing, also of those that it has met already.

In a rebuild a decision is met on the way. In what is read now its fact was set aside before, and changes its reason. Where one
was counted before the decision was heard, as in a database that is made anew, its site is folded again from the stream.
"""

import asyncio
import logging
from collections import Counter

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.generations import Generation
from projections.projector.dropped import DROPPED
from projections.projector.endings import Total
from projections.projector.ends import add_ends, ends_of_pointers, take_ends
from projections.projector.positions import POSITIONS, Position
from projections.projector.projection import Projection
from projections.projector.quarantine import QUARANTINE, pointers_where
from projections.projector.refold import refold
from projections.projector.totals import correct_totals
from projections.stream import Stream
from projections.stream.item import Quarantined, Reason, Sequenced

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 0.5

_ENTER = text(
    "SELECT set_config('search_path', quote_ident(CAST(:schema AS text)) || ', ' || current_setting('search_path'), true)"
)
# A run is of the stream that there is only when it was decided after that stream was made.
_NEW = text("""
    SELECT left_out.first, left_out.last, left_out.seq FROM left_out, positions
    WHERE left_out.stream = :stream AND positions.partition = :partition AND left_out.said_at >= positions.stream_created
      AND NOT EXISTS (SELECT FROM dropped WHERE dropped.partition = :partition AND dropped.seq = left_out.seq
                      AND dropped.first = left_out.first AND dropped.last = left_out.last)
    ORDER BY left_out.seq, left_out.first
""")


class LeavingOut:
    """Obeys the decisions about one partition of *generation*; *beside* is the way to the tables that are shared."""

    def __init__(
        self, beside: AsyncEngine, projection: Projection, generation: Generation, *, partition: int, name: str
    ) -> None:
        self._engine = beside
        self._models = projection.models
        self._schema = generation.schema
        self._partition = partition
        self._mine = {"partition": partition, "stream": name}
        self._looked_at = float("-inf")

    async def is_due(self) -> bool:
        """Say whether anything is to be obeyed; asked more often than twice in a second, say no."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        async with self._engine.begin() as connection:
            await connection.execute(_ENTER, {"schema": self._schema})
            return (await connection.execute(_NEW, self._mine)).first() is not None

    async def obey(self, stream: Stream) -> None:
        """Leave out what was decided, in one transaction that nobody moves the position in."""
        async with self._engine.begin() as connection:
            await connection.execute(_ENTER, {"schema": self._schema})
            query = select(POSITIONS).where(POSITIONS.c.partition == self._partition).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return
            runs = (await connection.execute(_NEW, self._mine)).all()
            if not runs:
                return
            rows = [{"partition": self._partition, "first": run.first, "last": run.last, "seq": run.seq} for run in runs]
            await connection.execute(insert(DROPPED).on_conflict_do_nothing(), rows)
            for run in runs:
                await self._leave(connection, stream, Position(**row._mapping), run)  # noqa: SLF001  # public, by its account
        LOG.info("facts are left out, as was decided", extra={"schema": self._schema, "runs": len(runs)})

    async def _leave(self, connection: AsyncConnection, stream: Stream, position: Position, run: Row[tuple[int, ...]]) -> None:
        column = QUARANTINE.c
        held = (column.partition == self._partition, column.seq.between(run.first, run.last))
        pointers = await pointers_where(connection, *held)
        undecided = [pointer for pointer in pointers if pointer.reason is not Reason.LEFT_OUT]
        await take_ends(connection, self._partition, ends_of_pointers(undecided))
        await connection.execute(update(QUARANTINE).where(*held).values(reason=Reason.LEFT_OUT.value))
        decided = await pointers_where(connection, *held)
        left = Counter(ends_of_pointers(decided))
        left.subtract(ends_of_pointers([pointer for pointer in pointers if pointer.reason is Reason.LEFT_OUT]))
        await add_ends(connection, self._partition, +left)
        await self._take_back(connection, stream, position, range(run.first, min(run.last, position.seq) + 1), pointers)

    async def _take_back(
        self, connection: AsyncConnection, stream: Stream, position: Position, seqs: range, pointers: list[Quarantined]
    ) -> None:
        """Fold the sites again of which any of *seqs* was counted: those that are neither set aside nor gone."""
        known = {pointer.seq for pointer in pointers}
        counted: set[tuple[str, str]] = set()
        for seq in seqs:
            if seq not in known and isinstance(item := await stream.item_at(seq), Sequenced):
                counted.add((item.event.tenant, item.event.site))
        for tenant, site in sorted(counted):
            moved: Total = await refold(
                connection, self._models, stream, self._partition, tenant=tenant, site=site, upto=position.seq
            )
            await correct_totals(connection, self._partition, {tenant: moved})
