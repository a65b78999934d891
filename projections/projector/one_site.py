"""One site: its rows made anew from its facts alone, and put in place of those that are read, in one transaction.

The position is held meanwhile, so that of the site's partition nothing is counted twice or left out; whoever asks reads the
rows of before until the moment in which the new ones are there.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.codec import Codec
from contracts.streams import bucket_of, subjects_of_site
from projections.database import PROJECTING, open_engine
from projections.differences.difference import Sides
from projections.generations import Generation, State, current_generation
from projections.migrations import begin_generation
from projections.projector.batch import settle
from projections.projector.claim import claimed
from projections.projector.dropped import without_dropped
from projections.projector.farewell import give_up
from projections.projector.gone import reckon_in
from projections.projector.halt import newer_version, refuse_other_partitions
from projections.projector.lease import take_lease
from projections.projector.loss import KEEP_THE_SITE, HistoryWouldBeLost, Loss, loss_of
from projections.projector.months import Months
from projections.projector.positions import Position, hold_positions_in, positions_in
from projections.projector.projection import Projection
from projections.projector.refold import refold
from projections.projector.replacement import Compare, Progress, Purpose
from projections.projector.totals import correct_totals
from projections.stream import NoStream, Stream
from projections.stream.item import Sequenced, TooNew

_SESSION = {**PROJECTING, "statement_timeout": "2h"}


class OneSite(Struct, frozen=True, kw_only=True):
    """Which site of which tenant is made anew, of how many partitions, and what for."""

    tenant: str
    site: str
    nats_url: str
    database_url: str
    partitions: int
    purpose: Purpose
    compare: Compare

    @property
    def partition(self) -> int:
        """Return the partition that the site's facts are in."""
        return bucket_of(self.tenant, self.site) % self.partitions


class UnknownSite(Exception):
    """There is no fact of the site, neither in a stream nor among those that are counted; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "No event of that site is stored or counted, so there is nothing to compute. `collector sites list` says how the "
            "sites are called."
        )


async def remake(projections: Sequence[Projection], one: OneSite) -> Progress:
    """Make the site's rows of each of *projections* anew, compare them with those that are read, and have them read instead."""
    async with AsyncExitStack() as resources:
        engine = open_engine(one.database_url, _SESSION)
        resources.push_async_callback(engine.dispose)
        # Every projection is claimed before the first is changed: a refusal in the middle would come too late.
        for projection in projections:
            await resources.enter_async_context(claimed(engine, projection.name))
        if not any([await _is_known(engine, projection, one) for projection in projections]):
            raise UnknownSite
        done = 0
        for projection in projections:
            try:
                async with AsyncExitStack() as resources_of_it:
                    done += await _remake(resources_of_it, engine, projection, one)
            except NoStream:
                # Of a family that has no stream yet nothing was ever counted.
                if counted := await _counted(engine, projection, one):
                    name = projection.streams(one.partitions)[one.partition].name
                    loss = Loss(projection=projection.name, stream=name, why="is gone", events=counted, counted=counted)
                    raise HistoryWouldBeLost([loss], KEEP_THE_SITE) from None
    return Progress(done=done, total=done)


async def _is_known(engine: AsyncEngine, projection: Projection, one: OneSite) -> bool:
    if await _counted(engine, projection, one):
        return True
    async with Stream(one.nats_url, projection.streams(one.partitions)[one.partition]) as stream:
        with suppress(NoStream):
            await stream.connect()
            return await stream.first_after(0, subjects_of_site(one.tenant, one.site)) is not None
    return False


async def _counted(engine: AsyncEngine, projection: Projection, one: OneSite) -> int:
    async with engine.connect() as connection:
        live = await current_generation(connection, projection.name)
        if live is None:
            return 0
        query = text(f'SELECT coalesce(sum(facts), 0) FROM "{live.schema}".ends WHERE tenant = :tenant AND site = :site')
        return int(await connection.scalar(query, {"tenant": one.tenant, "site": one.site}) or 0)


async def _remake(resources: AsyncExitStack, engine: AsyncEngine, projection: Projection, one: OneSite) -> int:
    async with engine.connect() as connection:
        live = await current_generation(connection, projection.name)
    if live is None:
        return 0
    stream = Stream(one.nats_url, projection.streams(one.partitions)[one.partition], Codec(projection.facts))
    await resources.enter_async_context(stream)
    await stream.connect()
    shadow = await _Shadow.begin(resources, engine, projection, one)
    async with engine.begin() as connection:
        # What was decided to be left out counts in neither.
        left_out = f'INSERT INTO "{shadow.made.schema}".dropped SELECT * FROM "{live.schema}".dropped'
        await connection.execute(text(left_out))
    await shadow.fold(stream, upto=await _seq_in(engine, live, one))
    async with engine.begin() as connection:
        position = (await hold_positions_in(connection, live.schema)).get(one.partition)
        if position is None or not position.seq:
            return 0
        refuse_other_partitions({one.partition: position}, one.partitions)
        await _refuse_a_loss(engine, projection, live, position, stream)
        done = await shadow.fold(stream, upto=position.seq)
        sides = Sides(read=live.schema, made=shadow.made.schema, only=(one.tenant, one.site))
        await one.compare(connection, projection, sides)
        if one.purpose is Purpose.REPLACE:
            await _replace(connection, live, projection=projection, one=one, stream=stream, seq=position.seq)
    return done


async def _seq_in(engine: AsyncEngine, live: Generation, one: OneSite) -> int:
    async with engine.connect() as connection:
        position = (await positions_in(connection, live.schema)).get(one.partition)
    return 0 if position is None else position.seq


async def _refuse_a_loss(
    engine: AsyncEngine, projection: Projection, live: Generation, position: Position, stream: Stream
) -> None:
    goal = await stream.identity()
    name = projection.streams(position.partitions)[position.partition].name
    gone = await reckon_in(engine, live.schema)(name, position, goal)
    if loss := await loss_of(projection, position, goal, stream, gone):
        raise HistoryWouldBeLost([loss], KEEP_THE_SITE)


async def _replace(
    connection: AsyncConnection,
    live: Generation,
    *,
    projection: Projection,
    one: OneSite,
    stream: Stream,
    seq: int,
) -> None:
    await connection.execute(_ENTER, {"schema": live.schema})
    moved = await refold(connection, projection.models, stream, one.partition, tenant=one.tenant, site=one.site, upto=seq)
    await correct_totals(connection, one.partition, {one.tenant: moved})


class _Shadow(Struct, frozen=True):
    """The site's rows alone, in a generation that nobody reads."""

    engine: AsyncEngine
    made: Generation
    projection: Projection
    one: OneSite
    last: list[int]

    @staticmethod
    async def begin(resources: AsyncExitStack, engine: AsyncEngine, projection: Projection, one: OneSite) -> "_Shadow":
        leases = await resources.enter_async_context(engine.connect())
        await leases.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.begin() as connection:
            made = await begin_generation(connection, projection, State.BUILDING)
            for number in range(one.partitions):
                await take_lease(leases, made, number)
        resources.push_async_callback(give_up, engine, made)
        resources.push_async_callback(leases.invalidate)
        own = open_engine(one.database_url, schema=made.schema)
        resources.push_async_callback(own.dispose)
        return _Shadow(own, made, projection, one, [0, 0])

    async def fold(self, stream: Stream, *, upto: int) -> int:
        """Fold what *stream* holds of the site up to the sequence *upto*, and return how many facts that were altogether."""
        models, subjects = self.projection.models, subjects_of_site(self.one.tenant, self.one.site)
        months = Months(self.engine, models)
        async with stream.read_after(self.last[0], only=subjects) as reader:
            while (await stream.first_after(self.last[0], subjects) or upto + 1) <= upto:
                batch = [item for item in await reader.next_batch() if item.seq <= upto]
                if newer := next((item for item in batch if isinstance(item, TooNew)), None):
                    raise newer_version(newer)
                await months.prepare_for([item for item in batch if isinstance(item, Sequenced)])
                async with self.engine.begin() as connection:
                    kept = await without_dropped(connection, self.one.partition, batch)
                    await settle(connection, models, self.one.partition, kept)
                self.last[:] = [batch[-1].seq if batch else self.last[0], self.last[1] + len(batch)]
        return self.last[1]


_ENTER = text(
    "SELECT set_config('search_path', quote_ident(CAST(:schema AS text)) || ', ' || current_setting('search_path'), true)"
)
