"""An answer has a tag that changes with the facts, with the question and with the clock where that counts, and nothing else."""

from datetime import timedelta
from typing import Any

from httpx import Response

from tests.conftest import run_sql
from tests.facts import BERT, pageview
from tests.projections.control.deciding import decided, site
from tests.projections.query.v1.asking import post
from tests.projections.query.world import World

MINUTE = timedelta(minutes=1)
OVER = {"period": "custom", "from": "2026-11-01", "to": "2026-11-10"}


async def get(world: World, answer: str, tag: str = "", **parameters: Any) -> Response:
    headers = {"If-None-Match": tag} if tag else {}
    return await world.client.get(f"/api/stats/example.org/{answer}", params=parameters, headers=headers)


async def tag(world: World, answer: str, **parameters: Any) -> str:
    response = await get(world, answer, **parameters)
    assert response.status_code == 200, response.text
    return response.headers["etag"]


async def test_whoever_has_an_answer_is_told_that_nothing_is_new_until_a_fact_comes(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    for answer in ("overview", "timeseries", "breakdown/page", "realtime", "tallies"):
        known = await tag(world, answer)
        again = await get(world, answer, known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", known), answer
        assert (await get(world, answer, f'"other", {known.removeprefix("W/")}')).status_code == 304
    before = {answer: await tag(world, answer) for answer in ("overview", "breakdown/page")}
    await world.tell(pageview(at=world.now - MINUTE, visitor=BERT))
    for answer, known in before.items():
        assert (await get(world, answer, known)).json() == (await get(world, answer)).json(), answer


async def test_the_answer_that_is_known_is_asked_of_no_facts(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    known = await tag(world, "overview")
    await run_sql(world.database_url, "DROP TABLE web_g1.coded_visits CASCADE")
    assert (await get(world, "overview", known)).status_code == 304
    assert (await get(world, "overview")).status_code == 503


async def test_every_question_has_a_tag_of_its_own(world: World):
    await world.tell(pageview(at=world.now - MINUTE), pageview(at=world.now, site="other.example"))
    asked = [{}, {"period": "30d"}, {"timezone": "Europe/Oslo"}, {"who": "all"}, {"filter": "page:/"}, {"format": "csv"}, OVER]
    tags = [await tag(world, "overview", **parameters) for parameters in asked]
    tags.append((await world.get("/api/stats/other.example/overview")).headers["etag"])
    assert len(set(tags)) == len(tags)


async def test_days_that_are_over_stand_until_a_fact_comes_and_running_ones_as_long_as_the_clock_lets_them(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    for answer, step, status in (
        ("overview", timedelta(seconds=1), 304),
        ("overview", MINUTE, 200),
        ("breakdown/page", MINUTE, 304),
        ("breakdown/page", timedelta(minutes=15), 200),
        ("realtime", MINUTE, 200),
    ):
        known = await tag(world, answer)
        over = await tag(world, answer, **OVER)
        world.now += step
        assert (await get(world, answer, known)).status_code == status, (answer, step)
        assert (await get(world, answer, over, **OVER)).status_code == (status if answer == "realtime" else 304)


async def test_a_decision_about_the_site_is_news(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    known = await tag(world, "overview")
    await decided(world.database_url, site("example.org"))
    assert (await get(world, "overview", known)).status_code == 200


async def test_what_is_no_site_any_more_is_404_whatever_somebody_has_of_it(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    known = await tag(world, "overview")
    response = await world.client.get("/api/stats/other.example/overview", headers={"If-None-Match": known})
    assert response.status_code == 404
    response = await world.client.get("/api/stats/other.example/overview", headers={"If-None-Match": "*"})
    assert response.status_code == 404


async def test_a_query_in_json_is_tagged_too(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    for body in ({}, {"date_range": "24h"}, {"date_range": "all", "include": {"comparisons": {"mode": "previous_period"}}}):
        known = (await post(world, **body)).headers["etag"]
        assert (await post(world, headers={"If-None-Match": known}, **body)).status_code == 304
        assert (await post(world, headers={"If-None-Match": known}, metrics=["visits"], **body)).status_code == 200
        world.now += timedelta(days=1)
        assert (await post(world, headers={"If-None-Match": known}, **body)).status_code == 200
    known = (await post(world, date_range=["2026-11-01", "2026-11-30"])).headers["etag"]
    world.now += timedelta(days=1)
    asked = {"headers": {"If-None-Match": known}, "date_range": ["2026-11-01", "2026-11-30"]}
    assert (await post(world, **asked)).status_code == 304
    await world.tell(pageview(at=world.now - MINUTE, visitor=BERT))
    assert (await post(world, **asked)).status_code == 200


async def test_rows_that_are_made_anew_are_news_however_many_they_are(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    known = await tag(world, "overview", **OVER)
    # As a rebuild of one site ends that comes to as many facts: other rows, and no other total.
    await run_sql(world.database_url, "UPDATE web_g1.totals SET applied = applied")
    assert (await get(world, "overview", known, **OVER)).status_code == 200


async def test_the_rows_of_a_site_that_go_behind_those_of_one_erased_later_are_news(world: World):
    await world.tell(pageview(at=world.now - MINUTE))
    known = [await tag(world, "overview", **OVER)]
    # Of two partitions the one that is behind gives up what was erased first.
    for number, (partition, seq) in enumerate([(1, 12), (0, 10)]):
        gone = f"('main', 's{number}.example', {partition}, {seq})"
        await run_sql(world.database_url, f"INSERT INTO web_g1.erased_sites (tenant, site, partition, seq) VALUES {gone}")
        known.append(await tag(world, "overview", **OVER))
    assert len(set(known)) == len(known)
