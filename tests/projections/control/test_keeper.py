"""Every thing is kept as its decisions leave it, whatever becomes of stream, database or neighbours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from contracts.control import CONTROL_CODEC
from contracts.control.goals import Condition
from contracts.control.sites import SiteDescribed
from contracts.control.stream import CONTROL_STREAM, subject_of
from projections.control.keeper import ControlKeeper
from projections.control.tables import begin_reading, keep
from projections.projector.patience import patiently
from projections.query.database import open_engine, open_writing
from projections.query.decisions import Decisions as Decided
from projections.stream import Stream, StreamUnavailable, WaitingIsNoUse
from projections.stream.item import Sequenced
from tests.conftest import run_sql
from tests.projections.control.deciding import (
    NOW,
    Decisions,
    archived,
    decisions_on,
    funnel,
    goal,
    issued,
    joined,
    named,
    new_key,
    of,
    revoked,
    site,
    started,
    tenant,
    withdrawn,
)
from tests.projections.world import PATIENCE, until

SHOP = site("shop.example")


@pytest.fixture
async def decisions(stream_free_nats: str) -> AsyncIterator[Decisions]:
    async with decisions_on(stream_free_nats) as made:
        yield made


@asynccontextmanager
async def keeping(nats_url: str, database_url: str) -> AsyncIterator[ControlKeeper]:
    async with ControlKeeper(nats_url=nats_url, database_url=database_url) as keeper:
        yield keeper


@asynccontextmanager
async def following(nats_url: str, database_url: str) -> AsyncIterator[ControlKeeper]:
    stop = asyncio.Event()
    async with keeping(nats_url, database_url) as keeper:
        running = asyncio.create_task(keeper.run(stop))
        yield keeper
        stop.set()
        await running


async def rows(database_url: str, query: str = "SELECT * FROM control_things ORDER BY id") -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def caught_up(nats_url: str, database_url: str) -> list[tuple[Any, ...]]:
    """Return every thing once all that was decided is read."""
    async with keeping(nats_url, database_url) as keeper:
        await keeper.catch_up()
    return await rows(database_url)


async def test_a_thing_is_as_its_decisions_leave_it_and_reading_again_changes_nothing(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    key = issued("k1", new_key("k1"))
    await decisions.decide(tenant("main"), SHOP, *named(SHOP, "www.shop.example"), key, revoked(key))
    await decisions.decide(*joined("m1"), started("c", "m1"))
    before = await caught_up(stream_free_nats, database_url)
    whose = {row[0].partition(":")[0]: tuple(row)[1:5] for row in before}
    assert whose["site"] == ("site", "main", "", 2)
    assert whose["name"] == ("name", "main", "site:main:shop.example", 1)
    assert whose["key"] == ("key", "main", "", 2)
    assert (whose["member"], whose["session"]) == (("member", "", "", 2), ("session", "", "member:m1", 1))
    assert await rows(database_url, "SELECT seq, tenants, members FROM control_reading") == [(9, 1, 1)]
    assert await caught_up(stream_free_nats, database_url) == before


async def test_before_anything_is_decided_there_is_nothing_to_read_and_no_trouble(stream_free_nats: str, database_url: str):
    assert await caught_up(stream_free_nats, database_url) == []
    async with following(stream_free_nats, database_url) as keeper:

        async def is_well() -> bool:
            return keeper.trouble == ""

        await until(is_well)


async def test_of_two_events_of_one_version_the_first_counts(decisions: Decisions, stream_free_nats: str, database_url: str):
    await decisions.decide(SHOP)
    for label in ("first", "second"):
        await decisions.decide(SiteDescribed(**of(SHOP.originator_id, 2), label=label, timezone="UTC"))
    await caught_up(stream_free_nats, database_url)
    assert await rows(database_url, "SELECT state ->> 'label', version FROM control_things") == [("first", 2)]


async def test_an_emptied_database_has_the_same_things_again(decisions: Decisions, stream_free_nats: str, database_url: str):
    first, steps = (
        goal("signup", Condition(event="Signup"), of_site="shop.example"),
        (Condition(page="/"), Condition(page="/a")),
    )
    await decisions.decide(tenant("main"), SHOP, *named(SHOP, "alias.example"), archived(SHOP, 3))
    await decisions.decide(first, withdrawn(first), funnel("sales", *steps, of_site="shop.example"))
    before = await caught_up(stream_free_nats, database_url)
    owned = [row[:6] for row in before if row[1] in ("funnel", "goal")]
    assert [(kind, tenant, owner, version) for _, kind, tenant, owner, version, _ in owned] == [
        ("funnel", "main", SHOP.originator_id, 1),
        ("goal", "main", SHOP.originator_id, 2),
    ]
    await run_sql(database_url, "TRUNCATE control_things, control_reading")
    assert await caught_up(stream_free_nats, database_url) == before


async def test_tables_that_are_emptied_under_it_are_filled_again(
    decisions: Decisions, stream_free_nats: str, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("projections.control.keeper.CHECK_SECONDS", 0.0)
    await decisions.decide(SHOP)
    async with following(stream_free_nats, database_url):

        async def is_there() -> bool:
            return len(await rows(database_url)) == 1

        await until(is_there)
        await run_sql(database_url, "TRUNCATE control_things, control_reading")
        await until(is_there)


async def test_a_stream_that_was_made_again_takes_nothing_away_and_lets_no_guest_in(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    await decisions.decide(tenant("main"), SHOP, *joined("m1"))
    before = await caught_up(stream_free_nats, database_url)
    async with following(stream_free_nats, database_url) as keeper:

        async def is_refused() -> bool:
            return "collector control accept-loss" in keeper.trouble

        await decisions.take_away()
        await decisions.make()
        await decisions.decide(site("other.example"))
        await until(is_refused)
        with pytest.raises(WaitingIsNoUse):
            await patiently(keeper.catch_up, waits=pytest.fail)
    assert await rows(database_url) == before
    assert await rows(database_url, "SELECT members FROM control_reading") == [(1,)]


async def test_a_stream_whose_loss_was_accepted_is_read_anew(decisions: Decisions, stream_free_nats: str, database_url: str):
    await decisions.decide(tenant("main"), SHOP)
    async with following(stream_free_nats, database_url):

        async def ids() -> list[str]:
            return [row[0] for row in await rows(database_url)]

        async def both_are_there() -> bool:
            return len(await ids()) == 2

        async def is_anew() -> bool:
            return await ids() == ["site:main:other.example"]

        await until(both_are_there)
        await decisions.take_away()
        await decisions.make()
        await decisions.decide(site("other.example"))
        engine = open_writing(database_url)
        async with Stream(stream_free_nats, CONTROL_STREAM, CONTROL_CODEC) as stream, engine.begin() as connection:
            await stream.connect()
            await begin_reading(connection, (await stream.identity()).created, last_seq=1)
        await engine.dispose()
        await until(is_anew)


async def test_until_everything_is_read_it_is_not_said_that_there_is_no_member(database_url: str):
    async def members() -> int:
        return (await rows(database_url, "SELECT members FROM control_reading"))[0][0]

    engine = open_writing(database_url)
    async with engine.begin() as connection:
        await begin_reading(connection, NOW, last_seq=3)
    assert await members() != 0
    for seq, event in enumerate((SHOP, *joined("m1")), start=1):
        assert await members() != 0
        async with engine.begin() as connection:
            await keep(connection, [Sequenced(seq=seq, message_id="", event=event)], last_seq=3)
    assert await members() == 1
    await engine.dispose()


async def test_a_stream_put_back_from_before_and_gone_on_with_is_refused(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    await decisions.decide(tenant("main"), SHOP)
    before = await caught_up(stream_free_nats, database_url)
    await run_sql(database_url, "UPDATE control_reading SET message_id = 'of another history'")
    with pytest.raises(StreamUnavailable, match="a copy from before"):
        await caught_up(stream_free_nats, database_url)
    assert await rows(database_url) == before


async def test_a_stream_that_is_gone_leaves_what_holds(decisions: Decisions, stream_free_nats: str, database_url: str):
    await decisions.decide(SHOP)
    before = await caught_up(stream_free_nats, database_url)
    await decisions.take_away()
    assert await caught_up(stream_free_nats, database_url) == before


async def test_a_decision_that_cannot_be_read_stops_nothing_and_is_named(
    decisions: Decisions, stream_free_nats: str, database_url: str, caplog: pytest.LogCaptureFixture
):
    await decisions.write(subject_of("site:main:canary.example", 1), b"canary{", "1")
    await decisions.write(subject_of("poll:1", 1), b'{"type":"poll_opened.v1","id":"poll:1","version":1}', "2")
    await decisions.decide(SHOP, tenant("main"), revoked(issued("none", "none"), 7))
    stray = archived(tenant("x"))
    await decisions.decide(type(stray)(**of("poll:2", 1)))
    assert [row[0] for row in await caught_up(stream_free_nats, database_url)] == [SHOP.originator_id, "tenant:main"]
    strange = await rows(database_url, "SELECT seq, reason FROM control_unreadable ORDER BY seq")
    assert strange == [(1, "undecodable"), (2, "unknown_type"), (6, "unknown_type")]
    assert "left out" in caplog.text
    assert "canary" not in caplog.text


async def test_a_newer_version_stops_it_before_that_decision_and_says_upgrade(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    await decisions.decide(SHOP)
    await decisions.write(subject_of("tenant:main", 1), b'{"type":"tenant_added.v9","id":"tenant:main"}', "newer")
    await decisions.decide(site("later.example"))
    async with keeping(stream_free_nats, database_url) as keeper:
        with pytest.raises(StreamUnavailable, match="upgrade this program"):
            await keeper.catch_up()
    assert [row[0] for row in await rows(database_url)] == [SHOP.originator_id]


async def test_two_that_keep_one_database_keep_what_one_would(decisions: Decisions, stream_free_nats: str, database_url: str):
    async with keeping(stream_free_nats, database_url) as one, keeping(stream_free_nats, database_url) as other:
        for number in range(5):
            added = site(f"site-{number}.example")
            await decisions.decide(added, *named(added, f"alias-{number}.example"))
            await asyncio.gather(one.catch_up(), other.catch_up())
    assert await rows(database_url, "SELECT version, count(*) FROM control_things GROUP BY 1 ORDER BY 1") == [(1, 5), (2, 5)]
    assert await rows(database_url, "SELECT seq FROM control_reading") == [(15,)]


async def test_whoever_has_decided_may_wait_until_it_is_to_be_seen(
    decisions: Decisions, stream_free_nats: str, database_url: str
):
    asking = open_engine(database_url)
    decided = Decided(asking)
    async with following(stream_free_nats, database_url):
        for number in range(3):
            seq = await decisions.decide(site(f"site-{number}.example"))
            assert await decided.wait_for(seq, seconds=PATIENCE)
            assert len(await rows(database_url)) == number + 1
    assert not await decided.wait_for(seq + 1, seconds=0.1)
    await asking.dispose()


async def test_it_comes_through_missing_tables_and_says_so_once(
    decisions: Decisions, stream_free_nats: str, database_url: str, caplog: pytest.LogCaptureFixture
):
    await run_sql(database_url, "ALTER TABLE control_things RENAME TO elsewhere")
    await decisions.decide(SHOP)
    async with following(stream_free_nats, database_url) as keeper:

        async def is_in_trouble() -> bool:
            return "a table is missing" in keeper.trouble

        async def is_kept() -> bool:
            return len(await rows(database_url)) == 1

        await until(is_in_trouble)
        await run_sql(database_url, "ALTER TABLE elsewhere RENAME TO control_things")
        await until(is_kept)
    assert caplog.text.count("the decisions cannot be read") == 1
