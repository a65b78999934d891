"""A rebuild by several processes gives back what one would make, to the last byte, and a process that dies harms nobody."""

import os
import signal
from pathlib import Path

import pytest

from projections.projections import WEB
from projections.projector import shares
from projections.projector.rebuild import backfill
from projections.projector.shares import ShareLost
from tests.facts import traffic
from tests.projections.projector.test_rebuild import fill, rebuild, schemas
from tests.projections.world import Facts, Tables, project_all, utc_now


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


def children() -> list[int]:
    """Return the processes that this one has started to share the work."""
    task = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    pids = [int(pid) for pid in task.read_text(encoding="ascii").split()]
    return [pid for pid in pids if b"projections.projector.share" in Path(f"/proc/{pid}/cmdline").read_bytes()]
