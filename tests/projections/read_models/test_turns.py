"""Turns, votes, conversations and journeys are values: any order and any batching of the same facts leaves the same rows."""

import random
from datetime import timedelta
from functools import reduce
from typing import Any

import asyncpg
import pytest

from contracts.events.turns import TurnEvent
from projections.database import open_engine
from projections.projections import TURNS
from projections.read_models import conversations, journeys, turns
from projections.read_models.turn import join, turn_of
from tests.projections.world import Teller, chunks, connect_to_tables
from tests.turns import ANNA, BERT, NOON, SITE, completed, conversation_began, conversation_ended, started, step, talk, vote

MINUTE = timedelta(minutes=1)


async def rows(connection: asyncpg.Connection) -> dict[str, list[Any]]:
    """Return the rows of every table, without the sequences, which are the stream's order."""
    return {
        table.name: [
            {name: value for name, value in row.items() if name != "seq"}
            for row in await connection.fetch(
                f"SELECT * FROM {table.name} ORDER BY {', '.join(table.primary_key.columns.keys())}"
            )
        ]
        for table in TURNS.tables
    }


async def test_any_order_and_any_batching_leaves_the_same_rows(database_url: str):
    facts = list(talk(400, seed=10))
    left = []
    for seed, sizes in ((None, [10_000]), (1, [1, 2, 3, 5, 8, 200]), (2, [37] * 20)):
        told = list(facts)
        if seed is not None:
            random.Random(seed).shuffle(told)
        teller = Teller(database_url, TURNS)
        for batch in chunks(told, sizes):
            await teller.tell(*batch)
        connection = await connect_to_tables(database_url, "turns")
        left.append(await rows(connection))
        await connection.execute(f"TRUNCATE {', '.join(table.name for table in TURNS.tables)}, seen_events")
        await connection.close()
        await teller.close()
    assert all(left[0].values()), "every table has rows"
    assert left[0] == left[1] == left[2]


def test_a_vote_may_come_before_its_turn():
    before, begun = vote("t1", at=NOON), started("t1", at=NOON - MINUTE, model="gpt-4", conversation="c1")
    ended = completed("t1", 1200, at=NOON + MINUTE, step="draft")
    for order in ((before, begun, ended), (ended, before, begun), (begun, ended, before)):
        turn = reduce(join, map(turn_of, order))
        assert (turn.ups, turn.votes, turn.opened_at) == (1, 1, NOON - MINUTE)
        assert turn.settled is not None
        assert turn.settled.duration_ms == 1200
        assert dict(zip(turns.DESCRIBED, turn.words, strict=True)) == {
            "subject": ANNA,
            "conversation": "c1",
            "journey": "",
            "step": "draft",
            "model": "gpt-4",
            "provider": "",
            "prompt_version": "",
        }


@pytest.mark.parametrize("value", [turn_of(fact) for fact in (started("t"), completed("t", None), vote("t", -1))])
def test_a_turn_is_the_same_when_it_comes_back_from_its_row(value: Any):
    assert turns.turn_in(turns.row_of(value)[:14]) == value


async def test_conversations_and_journeys_remember_how_far_they_came(database_url: str):
    teller = Teller(database_url, TURNS)
    await teller.tell(conversation_ended("c1", at=NOON + MINUTE, outcome="completed", messages=4, subject=""))
    await teller.tell(conversation_began("c1", at=NOON, subject=BERT), completed("t1", at=NOON, conversation="c1"))
    await teller.tell(step("mail", "send", at=NOON + MINUTE, is_last=True), step("mail", "draft", at=NOON))
    await teller.close()
    connection = await connect_to_tables(database_url, "turns")
    talked = await connection.fetchrow(f"SELECT subject, outcome, messages, answered FROM {conversations.TABLE.name}")
    walked = await connection.fetchrow(f"SELECT steps, times, finished FROM {journeys.TABLE.name}")
    await connection.close()
    assert tuple(talked) == (BERT, "completed", 4, 1)
    assert tuple(walked) == (["draft", "send"], 2, 1)


async def test_a_site_that_is_erased_leaves_nothing_of_its_own(database_url: str):
    facts: list[TurnEvent] = list(talk(60, seed=3))
    teller = Teller(database_url, TURNS)
    await teller.tell(*facts, vote("t1"), completed("t1", conversation="c1"), step("mail", "draft"))
    await teller.close()
    connection = await connect_to_tables(database_url, "turns")
    schema = await connection.fetchval("SELECT current_schema()")
    before = {name: len(rows) for name, rows in (await rows(connection)).items()}
    engine = open_engine(database_url, schema=schema)
    async with engine.begin() as erasing:
        gone = {model: await model.erase_site(erasing, "main", SITE) for model in TURNS.models if model.erase_site}
    await engine.dispose()
    after = await rows(connection)
    await connection.close()
    assert [table for model in gone for table in model.tables] == list(TURNS.tables)
    assert all(gone.values())
    for model, erased in gone.items():
        assert sum(before[table.name] - len(after[table.name]) for table in model.tables) == erased, model.name
    assert not [row for left in after.values() for row in left if row["site"] == SITE]
