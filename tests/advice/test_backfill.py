"""`collector backfill` makes no number vanish unasked: it says which would, and changes nothing until they may."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from collector.cli.checks.messages import _ADVICE as ERASE
from contracts.events import Fact
from contracts.streams import stream_for, streams_of
from projections.projector.rebuild import backfill
from projections.stream import StreamUnavailable
from tests.advice.installation import Installation, advised
from tests.facts import traffic
from tests.projections.world import Facts, Tables, projecting, utc_now

LOST: dict[str, tuple[Callable[[Installation], Awaitable[None]], str]] = {}


def lost(words: str) -> Callable[..., Callable[[Installation], Awaitable[None]]]:
    """Have it looked at what backfill does after the function, which it describes in *words*."""

    def listed(happens: Callable[[Installation], Awaitable[None]]) -> Callable[[Installation], Awaitable[None]]:
        LOST[happens.__name__.replace("_", " ")] = (happens, words)
        return happens

    return listed


@lost("is gone; 11 of 11 counted events")
async def the_stream_is_gone(at: Installation) -> None:
    await at.facts.delete_stream()


@lost("was made again since the read models were; up to 11 of 11 counted events")
async def the_stream_was_made_again(at: Installation) -> None:
    await at.facts.delete_stream()
    await at.facts.create_stream()


@lost("was made again since the read models were; up to 11 of 11 counted events")
async def the_stream_was_made_again_and_has_grown_past_the_position(at: Installation) -> None:
    await at.facts.delete_stream()
    await at.facts.create_stream()
    await at.facts.publish(*traffic(20, seed=2))


@lost("ends at 11, before the position 14: it lost its end or was restored from a backup; 3 of 14 counted events")
async def the_stream_is_an_older_copy(at: Installation) -> None:
    # As if three more had been read from the end that it has lost.
    await at.tables.connection.execute("UPDATE positions SET seq = 14, applied = applied + 3")


@lost("holds another event at the position 11: it lost its end and grew again; up to 11 of 11 counted events")
async def the_stream_is_an_older_copy_that_has_grown_past_the_position(at: Installation) -> None:
    await at.tables.connection.execute("UPDATE positions SET message_id = 'of the end that was lost'")


@lost("begins at 2, behind the first event that was counted; 1 of 11 counted events")
async def the_first_event_was_erased(at: Installation) -> None:
    await at.facts.erase(1)


@lost("begins at 12, behind the first event that was counted; 11 of 11 counted events")
async def every_event_was_erased(at: Installation) -> None:
    for seq in range(1, 12):
        await at.facts.erase(seq)


@lost("begins at 8, behind the first event that was counted; 7 of 11 counted events")
async def the_stream_dropped_its_beginning(at: Installation) -> None:
    await at.edit(max_msgs=4, discard="old")
    await at.edit(max_msgs=-1, discard="new")


@lost("has a limit by which it drops events; ")
async def the_stream_drops_events_by_a_limit(at: Installation) -> None:
    await at.facts.erase(5)
    await at.edit(max_age=3_600)


@lost("has more holes than anybody erases by hand; 101 of 151 counted events")
async def the_stream_has_many_holes(at: Installation) -> None:
    await at.count(*traffic(140, seed=2))
    for seq in range(20, 121):
        await at.facts.erase(seq)


@lost("no position says which events its tables hold")
async def the_position_is_gone_and_the_stream_is_another(at: Installation) -> None:
    await at.tables.connection.execute("DELETE FROM positions")
    await at.facts.delete_stream()
    await at.facts.create_stream()


@lost("no position says which events its tables hold")
async def the_positions_of_one_partition_are_gone(at: Installation) -> None:
    await at.tables.connection.execute("UPDATE totals SET partition = 1")


@pytest.mark.parametrize("situation", LOST)
async def test_a_loss_is_said_and_nothing_is_changed(installation: Installation, situation: str):
    happens, words = LOST[situation]
    await happens(installation)
    before = await installation.kept()
    refused = await installation.run("collector backfill")
    assert refused.exit_code == 1
    assert words in " ".join(refused.stderr.split())
    assert advised(refused.stderr)[-1] == "collector backfill --accept-loss"
    assert await installation.kept() == before


async def test_a_loss_is_said_whichever_table_alone_holds_rows(installation: Installation, subtests: pytest.Subtests):
    tables = ("coded_hits", "coded_visits", "seen_events", "quarantine", "totals")
    await installation.facts.delete_stream()
    await installation.tables.connection.execute("".join(f"CREATE TABLE kept_{table} AS TABLE {table};" for table in tables))
    for table in tables:
        with subtests.test(table):
            await installation.tables.connection.execute(f"TRUNCATE positions, {', '.join(tables)}")
            await installation.tables.connection.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            refused = await installation.run("collector backfill")
            assert refused.exit_code == 1
            assert "no position says" in refused.stderr
            assert await installation.tables.count(table) > 0


async def test_an_accepted_loss_is_said_before_and_takes_no_more_than_that(installation: Installation):
    await installation.facts.erase(1)
    # As `collector privacy verify` says of what should not be in the stream.
    find, look, accept = advised(ERASE)
    assert find.startswith("collector stream")
    refused = await installation.run(look)
    assert (refused.exit_code, "1 of 11 counted events" in refused.stderr) == (1, True)
    assert await installation.hits() == 10
    done = await installation.run(accept)
    assert done.exit_code == 0, done.stderr
    assert done.stderr.startswith("Going on without: web: the stream EVENTS_WEB_0 begins at 2")
    assert "1 of 11 counted events." in done.stderr
    assert await installation.hits() == 9


async def test_rows_that_no_position_speaks_of_are_made_anew_when_they_may_be(installation: Installation):
    await installation.tables.connection.execute("DELETE FROM positions; DELETE FROM seen_events")
    done = await installation.run("collector backfill --accept-loss")
    assert done.exit_code == 0, done.stderr
    assert await installation.hits() == 10, "none is counted twice"


async def test_what_was_erased_by_hand_behind_the_first_stays_away_and_is_said(installation: Installation):
    await installation.facts.erase(5)
    done = await installation.run("collector backfill")
    assert done.exit_code == 0, done.stderr
    assert "1 that were counted before are erased from the stream" in done.stderr
    assert await installation.hits() == 9


async def test_one_partition_of_more_than_are_set_is_left_out_by_no_backfill(installation: Installation):
    # Of two partitions only the first has counted anything yet.
    await installation.tables.connection.execute("UPDATE positions SET partitions = 2")
    before = await installation.kept()
    refused = await installation.run("collector backfill")
    assert refused.exit_code == 1
    assert "made with 2 partition(s)" in refused.stderr
    assert await installation.kept() == before


async def test_a_stream_that_is_made_again_meanwhile_replaces_nothing(stream_free_nats: str, tables: Tables, database_url: str):
    of_two = {"nats_url": stream_free_nats, "database_url": database_url, "partitions": 2}
    async with AsyncExitStack() as stack:
        pens = [await stack.enter_async_context(Facts(stream_free_nats, stream)) for stream in streams_of(partitions=2)]
        for fact in traffic(30, seed=5):
            await pens[stream_for("web", fact.tenant, fact.site, partitions=2).partition].publish(fact)
        await backfill(**of_two, clock=utc_now)
        before = (await tables.turn_to_current(), await tables.digest())
        waits = asyncio.Event()
        again = asyncio.create_task(backfill(**of_two, clock=utc_now, partition=1, report=lambda _: waits.set()))
        await waits.wait()  # for the other partition's projector, which does not run yet
        await pens[0].delete_stream()
        await pens[0].create_stream()
        await pens[0].publish(*(fact for fact in traffic(99, seed=6) if is_of_the_first(fact)))
        async with projecting(**of_two, partition=0):
            with pytest.raises(StreamUnavailable, match="made again while it was read"):
                await again
    assert (await tables.turn_to_current(), await tables.digest()) == before


def is_of_the_first(fact: Fact) -> bool:
    return stream_for("web", fact.tenant, fact.site, partitions=2).partition == 0
