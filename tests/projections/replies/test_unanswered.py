"""Under a mount the query half, too, has the system's own words for what it does not answer, and problems everywhere else."""

from collections.abc import AsyncIterator

import pytest

from tests.projections.query.world import World, open_world

FASTIFY = {"message": "Route GET:/nothing not found", "error": "Not Found", "statusCode": 404}
EXPRESS = FASTIFY | {"message": "Route GET /nothing not found"}
ERRORS = {
    "/bilan/api/dashboard": "Method Not Allowed",
    "/bilan/health": "Method Not Allowed",
    "/minigem/stats": "Method Not Allowed",
    "/nodash/v1/users/query": "Method Not Allowed",
    "/change66/api/v1/status": "method_not_allowed",
    "/change66/liveness": "method_not_allowed",
}


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url) as made:
        yield made


async def test_an_unknown_address_has_the_systems_words(world: World):
    nothing = {mount: await world.get(f"/{mount}/nothing") for mount in ("bilan", "minigem", "nodash", "change66", "flowcore")}
    assert {answer.status_code for answer in nothing.values()} == {404}
    assert nothing["bilan"].json() == nothing["minigem"].json() == FASTIFY
    assert EXPRESS.items() <= nothing["nodash"].json().items()
    assert nothing["change66"].headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (nothing["change66"].text, nothing["flowcore"].text) == ("404 page not found", "NOT_FOUND")
    assert nothing["change66"].headers["X-XSS-Protection"] == "1; mode=block"
    assert nothing["change66"].headers["X-Request-ID"].startswith("req_")


async def test_another_method_is_405_in_the_systems_shape(world: World):
    answers = {address: await world.client.post(address, json={}) for address in ERRORS}
    assert {address: answer.json()["error"] for address, answer in answers.items()} == ERRORS
    assert {(answer.status_code, "GET" in answer.headers["Allow"]) for answer in answers.values()} == {(405, True)}


async def test_elsewhere_it_is_a_problem_as_ever(world: World):
    for answer in (await world.get("/nothing"), await world.client.post("/api/sites", json={})):
        assert answer.headers["Content-Type"] == "application/problem+json"
