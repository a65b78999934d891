"""An answer that is asked for with the id of a stored fact has that fact in it, or says that it has not."""

import asyncio

from projections.stream.newest import Newest
from tests.facts import pageview
from tests.projections.query.v1.asking import LEAST
from tests.projections.query.world import World, open_world
from tests.projections.world import PATIENCE, Facts, projecting

OVERVIEW = "/api/stats/example.org/overview"
FACT = "0190163d-8694-739b-aea5-966c26f8ad91"


async def test_the_answer_waits_for_the_fact(facts: Facts, database_url: str):
    async with open_world(database_url, newest=Newest(facts.nats_url, seconds=PATIENCE)) as world:
        told = pageview(at=world.now)
        await facts.publish(told)
        asked = asyncio.gather(
            world.get(OVERVIEW, read_your_write=told.id, period="today"),
            world.client.post("/api/v1/query", json=LEAST | {"read_your_write": told.id}),
            world.get("/api/stats/example.org/breakdown/page.csv", read_your_write=told.id.upper()),
        )
        async with projecting(facts.nats_url, database_url):
            overview, query, table = await asked
        assert overview.json()["visitors"] == 1
        assert query.json()["results"] == [{"dimensions": [], "metrics": [1]}]
        assert table.text.splitlines()[1].startswith("/")


async def test_where_it_does_not_come_in_time_the_answer_says_so(facts: Facts, database_url: str):
    async with open_world(database_url, newest=Newest(facts.nats_url, seconds=0.1)) as world:
        told = pageview(at=world.now)
        assert (await world.get(OVERVIEW, read_your_write=told.id)).status_code == 200, "nothing was written"
        await facts.publish(told)
        for answer in (
            await world.get(OVERVIEW, read_your_write=told.id),
            await world.client.post("/api/v1/query", json=LEAST | {"read_your_write": told.id}),
        ):
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "behind", "1")
    async with open_world(database_url) as world:
        answer = await world.get(OVERVIEW, read_your_write=told.id)
        assert (answer.status_code, answer.json()["code"]) == (503, "position_unknown")


async def test_what_is_no_receipt_is_refused_by_name(doorstep: World):
    for wrong in ("x", "'; DROP TABLE hits; --", FACT[:-1], f"{FACT}0", FACT.replace("-", ""), "a" * 5000, f"{FACT}\0"):
        answer = await doorstep.get(OVERVIEW, read_your_write=wrong)
        assert (answer.status_code, answer.json()["field"]) == (400, "read_your_write"), wrong
        answer = await doorstep.client.post("/api/v1/query", json=LEAST | {"read_your_write": wrong})
        assert answer.status_code == 400
        assert answer.json()["field"] == "read_your_write"
    assert (await doorstep.get("/api/stats", read_your_write=FACT)).status_code == 400
    assert (await doorstep.client.get(f"{OVERVIEW}?read_your_write={FACT}&read_your_write={FACT}")).status_code == 400
