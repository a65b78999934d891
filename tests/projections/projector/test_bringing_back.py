"""What was set aside comes back once, as a rebuild would have it; what is to be left out stays out of every rebuild."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.codec import type_of
from projections.projections import WEB
from projections.projector.bringing_back import Returned
from projections.projector.held import Wanted, held, retry
from projections.projector.rebuild import backfill
from tests.conftest import run_sql
from tests.facts import NOON, event, pageview
from tests.projections.world import Facts, Tables, project_all, projecting, until, utc_now

OLDER = replace(WEB, facts=tuple(fact for fact in WEB.facts if not type_of(fact).startswith("event_recorded.")))
ENDS = "SELECT ending, sum(facts)::int AS facts FROM ends GROUP BY 1 ORDER BY 1"


async def set_aside(facts: Facts, tables: Tables, database_url: str) -> None:
    """Have an older program read everything, which sets aside what it has never heard of."""
    await project_all(facts, tables, database_url, projections=[OLDER])


async def bring_back(facts: Facts, database_url: str, **wanted: Any) -> Returned:
    return await retry(facts.nats_url, database_url, await held(database_url, Wanted(**wanted), [WEB]), [WEB])


async def rebuilt(facts: Facts, tables: Tables, database_url: str) -> str:
    await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now, projections=[WEB], accept_loss=True)
    await tables.turn_to_current()
    return await tables.digest()


async def leave_out(database_url: str, *seqs: int) -> None:
    for seq in seqs:
        values = f"({100 + seq}, 'EVENTS_WEB_0', {seq}, {seq}, now())"
        await run_sql(database_url, f"INSERT INTO left_out (seq, stream, first, last, said_at) VALUES {values}")


async def ends(tables: Tables) -> dict[str, int]:
    return {row["ending"]: row["facts"] for row in await tables.rows(ENDS)}


async def test_facts_come_back_as_a_rebuild_would_have_them_however_many_try(facts: Facts, tables: Tables, database_url: str):
    twice = event(at=NOON + timedelta(minutes=2))
    await facts.publish(pageview(), event(at=NOON + timedelta(minutes=1)), twice, pageview(site="other.org"))
    await facts.repeat(twice)
    await set_aside(facts, tables, database_url)
    assert await ends(tables) == {"counted": 2, "quarantined": 3}
    found = await asyncio.gather(*(bring_back(facts, database_url) for _ in range(3)))
    assert sum(one.back for one in found) == 3
    assert await ends(tables) == {"counted": 4, "repeated": 1}
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM totals") == [
        {"applied": 4, "duplicates": 1, "quarantined": 0}
    ]
    before = await tables.digest()
    assert await rebuilt(facts, tables, database_url) == before


async def test_a_fact_whose_repeat_was_counted_takes_its_place_again(facts: Facts, tables: Tables, database_url: str):
    first = event()
    await facts.publish(pageview(), first)
    await facts.repeat(pageview(id=first.id))
    await set_aside(facts, tables, database_url)
    assert await tables.value("SELECT count(*) FROM hits WHERE kind = 1") == 2
    done = await bring_back(facts, database_url)
    assert (done.back, done.refolded) == (1, 1)
    assert await tables.value("SELECT count(*) FROM hits WHERE kind = 1") == 1
    before = await tables.digest()
    assert await rebuilt(facts, tables, database_url) == before


async def test_what_came_so_long_ago_that_its_repeats_are_forgotten_is_folded_with_its_site(
    facts: Facts, tables: Tables, database_url: str
):
    await facts.publish(event(), pageview(received_at=NOON + timedelta(days=30)))
    await set_aside(facts, tables, database_url)
    assert (await bring_back(facts, database_url)).refolded == 1
    before = await tables.digest()
    assert await rebuilt(facts, tables, database_url) == before


async def test_what_cannot_be_read_still_stays_where_it_is(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview())
    await facts.store(b"?", facts.subject_for(event()), "never")
    await facts.publish(event())
    await set_aside(facts, tables, database_url)
    done = await bring_back(facts, database_url)
    assert (done.back, done.still) == (1, 1)
    assert await tables.rows("SELECT seq, reason FROM quarantine") == [{"seq": 2, "reason": "undecodable"}]
    assert await ends(tables) == {"counted": 2, "quarantined": 1}


async def test_only_what_is_wanted_comes_back(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview(), event(), event(site="other.org"))
    await set_aside(facts, tables, database_url)
    assert (await bring_back(facts, database_url, site="other.org")).back == 1
    assert (await bring_back(facts, database_url, places=frozenset({("EVENTS_WEB_0", 99)}))).tried == 0
    assert (await bring_back(facts, database_url, reason="unknown_type", contract=type_of(event()))).back == 1


@pytest.mark.parametrize("reader", [OLDER, WEB], ids=["set aside before", "counted before"])
async def test_what_is_left_out_stays_out_of_every_number_and_every_rebuild(
    facts: Facts, tables: Tables, database_url: str, reader: Any
):
    await facts.publish(pageview(), event(), pageview())
    await project_all(facts, tables, database_url, projections=[reader])
    await leave_out(database_url, 2)

    async def is_left_out() -> bool:
        return (await ends(tables)) == {"counted": 2, "dropped": 1}

    async with projecting(facts.nats_url, database_url, projections=[reader]) as running:
        await until(is_left_out, watching=running)
        await facts.publish(pageview())
        await until(lambda: _is(tables, {"counted": 3, "dropped": 1}), watching=running)
    assert (await bring_back(facts, database_url)).tried == 0
    assert await tables.rows("SELECT applied, quarantined FROM positions") == [{"applied": 3, "quarantined": 1}]
    before = await tables.digest()
    assert await rebuilt(facts, tables, database_url) == before


async def _is(tables: Tables, wanted: dict[str, int]) -> bool:
    return await ends(tables) == wanted
