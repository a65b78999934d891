"""A rebuild by several processes gives back what one would make, to the last byte, and a process that dies harms nobody."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
import pytest

from contracts.codec import CODEC
from projections.projections import WEB
from projections.projector import shares
from projections.projector.rebuild import backfill
from projections.projector.share import Message, Task, framed
from projections.projector.shares import ShareLost
from tests.facts import NOON, pageview, traffic
from tests.projections.projector.test_rebuild import fill, rebuild, schemas
from tests.projections.world import PATIENCE, Facts, Tables, project_all, until, utc_now


@pytest.fixture(autouse=True)
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three processes share what little there is, in small batches."""
    monkeypatch.setattr(shares, "WORTHWHILE", 1)
    monkeypatch.setattr(shares, "processes", lambda: 3)
    monkeypatch.setattr(shares, "_AT_ONCE", 50)


async def test_what_several_make_equals_the_live_run_byte_for_byte(facts: Facts, tables: Tables, database_url: str):
    await fill(facts)
    await facts.erase(100)
    await project_all(facts, tables, database_url)
    live, accounts = await tables.digest(), await tables.rows("SELECT * FROM totals ORDER BY tenant")
    end = await rebuild(facts, tables, database_url)
    assert await schemas(tables) == ["web_g2"]
    assert await tables.digest() == live
    assert await tables.rows("SELECT * FROM totals ORDER BY tenant") == accounts
    assert end.done == end.total == 413


async def test_a_process_that_is_killed_ends_it_with_a_sentence_and_what_is_read_stays(
    facts: Facts, tables: Tables, database_url: str
):
    await facts.publish(*traffic(300, seed=1))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    with pytest.raises(ShareLost, match="run `collector backfill` again"):
        await backfill(
            projections=(WEB,),
            nats_url=facts.nats_url,
            database_url=database_url,
            clock=utc_now,
            report=lambda _: [os.kill(pid, signal.SIGKILL) for pid in children()] and None,
        )
    await tables.turn_to_current()
    assert (await schemas(tables), await tables.digest()) == (["web_g1"], before)


async def test_a_process_whose_rebuild_was_killed_ends_in_the_middle_of_what_it_does(
    facts: Facts, tables: Tables, database_url: str
):
    schema = await tables.turn_to_current()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "projections.projector.share"), stdin=PIPE, stdout=PIPE
    )
    task = Task(
        nats_url=facts.nats_url,
        database_url=database_url,
        schema=schema,
        projection="web",
        partition=0,
        partitions=1,
        number=-1,
        stream_created=NOON,
    )
    fact = pageview()
    message: Message = (1, "", facts.subject_for(fact), CODEC.encode(fact))
    process.stdin.write(framed(msgspec.msgpack.encode(task)))

    async def has_begun() -> bool:
        return await tables.count("positions") == 1

    async def waits() -> bool:
        return bool(await tables.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'positions'::regclass"))

    await until(has_begun)
    async with tables.connection.transaction():
        await tables.connection.execute("LOCK TABLE positions IN ACCESS EXCLUSIVE MODE")
        process.stdin.write(framed(msgspec.msgpack.encode([message])))
        await until(waits)
        process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    assert await tables.count("hits") == 0


def children() -> list[int]:
    """Return the processes that this one has started to share the work."""
    task = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    pids = [int(pid) for pid in task.read_text(encoding="ascii").split()]
    return [pid for pid in pids if b"projections.projector.share" in Path(f"/proc/{pid}/cmdline").read_bytes()]
