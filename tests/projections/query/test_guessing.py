"""Whoever guesses the access token is slowed, by the address that a trusted proxy speaks for, and whoever knows it comes in."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from httpx import Response

from collector.privacy.client_ip import TrustedProxies, client_ip
from tests.projections.query.world import World, open_world

TOKEN = "correct-horse-battery-staple"
ORIGIN = {"Origin": "http://localhost:8000"}
LOCKED = {"access_token": TOKEN, "public_url": "https://stats.example.org"}


@pytest.fixture
async def gate(database_url: str):
    """An application that asks for a token."""
    async with open_world(database_url, **LOCKED) as made:
        yield made


async def tried(world: World, token: str, **headers: str) -> Response:
    return await world.client.post("/login", data={"token": token}, headers=ORIGIN | headers)


async def test_forty_wrong_tokens_at_once_are_slowed_and_the_right_one_works_later(gate: World):
    answers = await asyncio.gather(*(tried(gate, f"a guess, number {number}") for number in range(40)))
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert len(slowed) >= 30
    assert {answer.headers["retry-after"] for answer in slowed} == {"1"}
    assert "Try again in 1 second." in slowed[0].text
    assert (await tried(gate, TOKEN)).status_code == 429, "else the answer would tell the right one from the wrong ones"
    gate.now += timedelta(seconds=1)
    answer = await tried(gate, TOKEN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" in answer.headers


async def test_who_mistypes_a_few_times_is_not_slowed(gate: World):
    for _ in range(5):
        assert (await tried(gate, "not quite")).status_code == 401
        assert (await tried(gate, TOKEN)).status_code == 303


async def test_behind_a_trusted_proxy_each_address_is_slowed_by_itself_and_none_can_be_made_up(database_url: str):
    trusting = partial(client_ip, trusted=TrustedProxies.parse(["loopback"]))
    async with open_world(database_url, **LOCKED, address_of=trusting) as gate:
        for number in range(40):
            slowed = await tried(gate, "wrong", **{"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.7"})
        other = await tried(gate, TOKEN, **{"X-Forwarded-For": "203.0.113.8"})
    assert (slowed.status_code, other.status_code) == (429, 303)


async def test_what_a_stranger_writes_as_its_address_is_not_believed(gate: World):
    answers = [await tried(gate, "wrong", **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(40)]
    assert answers[-1].status_code == 429
