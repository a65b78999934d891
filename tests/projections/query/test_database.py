"""While Postgres is away, slow or empty, the answer says so, is no error of ours, and is right again afterwards."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from collector.local.postgres import PostgresServer
from projections.app import check, create_app
from projections.migrations import migrate
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.query.problems import Refused
from tests.facts import pageview
from tests.projections.query.world import NOW, NOWHERE, World, open_world
from tests.projections.world import connect_to_tables

PATHS = ("/api/stats", "/api/stats/example.org/overview", "/", "/sites/example.org")


@pytest.mark.parametrize("path", PATHS)
async def test_while_postgres_cannot_be_reached_the_answer_is_to_come_back(path: str):
    async with open_world(NOWHERE) as world:
        response = await world.get(path)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "canary" not in response.text


@pytest.mark.parametrize("path", PATHS)
async def test_without_tables_the_answer_is_to_migrate(postgres_url: str, path: str):
    async with open_world(postgres_url) as world:
        response = await world.get(path)
    assert response.status_code == 503
    assert "collector migrate" in response.text


async def test_after_postgres_was_away_the_same_application_answers_again(postgres_server: Callable[[], PostgresServer]):
    server = postgres_server()
    await migrate(server.url)
    async with open_world(server.url) as world:
        await world.tell(pageview(at=NOW))
        assert (await world.ask("overview"))["pageviews"] == 1
        server.stop()
        assert (await world.get("/api/stats/example.org/overview")).status_code == 503
        server.start()
        assert (await world.ask("overview"))["pageviews"] == 1


async def test_a_question_that_takes_too_long_is_cut_short(world: World):
    connection = await connect_to_tables(world.database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE web_g1.coded_visits IN ACCESS EXCLUSIVE MODE")
        response = await world.get("/api/stats/example.org/overview")
    await connection.close()
    assert (response.status_code, response.json()["code"]) == (503, "too_slow")
    assert int(response.headers["retry-after"]) > 0


async def test_questions_cannot_write(world: World):
    engine = open_engine(world.database_url)
    with pytest.raises(DBAPIError, match="read-only"):
        async with reading(engine, only_caller("main")) as connection:
            await connection.execute(text("DELETE FROM coded_hits"))
    await engine.dispose()


async def test_the_database_knows_on_whose_behalf_it_is_asked_until_the_answer_is_there(world: World):
    engine = open_engine(world.database_url)
    who = text("SELECT coalesce(current_setting('collector.tenant', true), '')")
    async with reading(engine, only_caller("acme")) as connection:
        assert (await connection.execute(who)).scalar_one() == "acme"
    async with engine.connect() as connection:
        assert (await connection.execute(who)).scalar_one() == "", "the same session of the pool, for somebody else"
    await engine.dispose()


async def test_questions_are_asked_as_a_role_that_may_only_read(world: World):
    engine = open_engine(world.database_url)
    async with reading(engine, only_caller("main")) as connection:
        user, may_write = (await connection.execute(text("SELECT current_user, has_table_privilege('hits', 'INSERT')"))).one()
    await engine.dispose()
    assert (user, may_write) == ("collector_reader", False)


async def test_readiness_is_a_database_with_all_its_tables(postgres_url: str):
    plain = {"tenant": "main", "access_token": None, "public_url": "http://localhost", "clock": lambda: NOW}
    app = create_app(database_url=postgres_url, **plain)
    with pytest.raises(Refused) as refusal:
        await check(app)
    assert "collector migrate" in refusal.value.problem.detail
    await migrate(postgres_url)
    await check(app)
    await app.state.engine.dispose()
