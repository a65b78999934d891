"""A system that is read as it was: who may ask, about which site, once what was just written is there, in its own words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Response
from sqlalchemy import func, select

from contracts.control.mounts import MountClaimed, mount_id
from contracts.control.sites import SiteReadsDecided, site_id
from contracts.mounts import Mount
from contracts.problem import Problem
from projections.projections import WEB
from projections.query.after_write import HEADER
from projections.read_models.hits import HITS
from projections.replies.answering import Answering, Question, System
from projections.replies.numbers import database_numbers
from projections.stream.newest import Newest
from tests.facts import pageview
from tests.projections.control.deciding import decided, issued, new_key, of, site
from tests.projections.query.world import World, open_world
from tests.projections.world import PATIENCE, Facts, projecting

ASKED = "/api/visits"


async def count(question: Question) -> Response[Any]:
    seen = await question.connection.scalar(select(func.count()).select_from(HITS).where(HITS.c.site == question.site))
    return Response({"site": question.site, "seen": seen})


def worded(_: Any, problem: Problem) -> Response[Any]:
    return Response({"error": problem.code}, status_code=problem.status)


TOY = System(
    mount=Mount.MINIGEM,
    answerings=(Answering(path=ASKED, answer=count, of=WEB),),
    refuse=worded,
    headers={"X-Toy": "1"},
    shown_key=lambda connection: connection.query_params.get("key", ""),
)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url, systems=[TOY]) as made:
        yield made


def bound(key: str, *, of_tenant: str = "main") -> MountClaimed:
    return MountClaimed(**of(mount_id("minigem")), tenant=of_tenant, key=key)


def public(key: str, *, is_public: bool = True, version: int = 2) -> SiteReadsDecided:
    return SiteReadsDecided(**of(site_id("main", key), version), is_public=is_public)


@pytest.mark.parametrize("path", [ASKED, f"/minigem{ASKED}"])
async def test_on_this_machine_a_system_is_read_without_a_key(world: World, path: str):
    await decided(world.database_url, site("game.example"), site("other.example"), bound("game.example"))
    await world.tell(pageview(site="game.example"))
    answer = await world.get(path)
    assert (answer.status_code, answer.json()) == (200, {"site": "game.example", "seen": 1})
    assert answer.headers["X-Toy"] == "1"


async def test_elsewhere_a_key_that_reads_is_needed_unless_the_site_is_public(world: World):
    text = new_key("k1")
    key = issued("k1", text, site="game.example")
    await decided(world.database_url, site("game.example"), bound("game.example"), key)
    async with elsewhere(world) as there:
        refused = await there.get(ASKED)
        assert (refused.status_code, refused.headers["X-Toy"]) == (403, "1")
        assert refused.json() == {"error": "loopback_only"}
        for shown in ({"headers": {"X-API-Key": text}}, {"params": {"key": text}}):
            assert (await there.get(ASKED, **shown)).json()["site"] == "game.example"
        await decided(world.database_url, public("game.example"))
        assert (await there.get(ASKED)).json() == {"site": "game.example", "seen": 0}
        wrong = await there.get(ASKED, headers={"X-API-Key": new_key("k2")})
        assert wrong.status_code == 401
        assert (await there.get("/api/stats/game.example/overview")).status_code == 403, "nothing else is open for that"
        await decided(world.database_url, public("game.example", is_public=False, version=3))
        assert (await there.get(ASKED)).status_code == 403


async def test_a_key_of_one_site_reads_that_site_whatever_is_bound(world: World):
    text = new_key("k1")
    key = issued("k1", text, site="other.example", of_tenant="rival")
    await decided(
        world.database_url, site("game.example"), bound("game.example"), site("other.example", of_tenant="rival"), key
    )
    answer = await world.client.get(ASKED, headers={"X-API-Key": text})
    assert answer.json()["site"] == "other.example"


async def test_in_production_a_mount_that_nobody_is_bound_to_is_404(database_url: str):
    async with open_world(database_url, systems=[TOY], listed_sites=["a.example", "b.example"]) as world:
        answer = await world.get(ASKED)
        assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


async def test_an_answer_waits_for_what_was_written_before(facts: Facts, database_url: str):
    newest = Newest(facts.nats_url, seconds=PATIENCE)
    async with open_world(database_url, systems=[TOY], newest=newest) as world:
        await decided(database_url, site("shop.example"), bound("shop.example"))
        await facts.publish(pageview(site="shop.example"))
        asked = asyncio.ensure_future(world.get(ASKED))
        async with projecting(facts.nats_url, database_url):
            answer = await asked
        assert answer.json() == {"site": "shop.example", "seen": 1}
        assert HEADER not in answer.headers


async def test_an_answer_that_did_not_wait_says_so(facts: Facts, database_url: str):
    newest = Newest(facts.nats_url, seconds=0.1)
    async with open_world(database_url, systems=[TOY], newest=newest) as world:
        assert HEADER not in (await world.get(ASKED)).headers, "nothing was written"
        await facts.publish(pageview())
        answer = await world.get(ASKED)
        assert (answer.status_code, answer.headers[HEADER]) == (200, "late")
    async with open_world(database_url, systems=[TOY]) as world:
        assert (await world.get(ASKED)).headers[HEADER] == "unknown"


@asynccontextmanager
async def elsewhere(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Lend a client that asks from another machine."""
    assert world.app is not None
    through = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=through, base_url="http://stats.example") as there:
        yield there


async def test_the_database_says_how_large_it_is_and_what_it_holds(world: World):
    await world.tell(pageview(), pageview())
    assert world.app is not None
    told = await database_numbers(world.app.state.engine, "main")
    assert (told["events"], told["size"].endswith("MB")) == (2, True)
    assert (await database_numbers(world.app.state.engine, "other"))["events"] == 0
