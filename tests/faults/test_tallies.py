"""Through the front door: what an ingest process did not store is known when it stops, and is a gap when it is killed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx

from contracts.tallies import SILENT_SECONDS
from tests.faults.asking import EVENT, post
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.query.world import World, open_world
from tests.projections.tallies.telling import keeping

PRODUCTION = {"MODE": "production", "SITES": "shop.example"}


async def answer_of(world: World) -> dict:
    world.now = datetime.now(UTC)
    return (await world.get("/api/stats/tallies", period="7d")).json()


def endings(answer: dict) -> dict[tuple[str, str], int]:
    return {
        (site["site"], ended["reason"] or ended["ending"]): ended["hits"]
        for site in answer["sites"]
        for ended in site["endings"]
    }


async def test_a_stopped_process_has_told_everything_and_a_killed_one_leaves_a_gap(
    stream_free_nats: str, database_url: str, role: Callable[..., Role]
):
    project = role("project", NATS_URL=stream_free_nats, DATABASE_URL=database_url)
    stopped = await role("serve", NATS_URL=stream_free_nats, **PRODUCTION).ready()
    await say_everything(stopped)
    assert stopped.stop() == 0
    killed = await role("serve", NATS_URL=stream_free_nats, **PRODUCTION).ready()
    told = {
        ("shop.example", "stored"): 2,
        ("shop.example", "privacy_signal"): 1,
        ("shpo.example", "unknown_site"): 1,
        ("", "not_json"): 1,
    }
    async with open_world(database_url) as world:

        async def is_told() -> bool:
            answer = await answer_of(world)
            return answer.get("received") == 5 and len(await runs(world)) == 2

        await until(is_told, "what the first has told, and that the second is there, is in the answer")
        answer = await answer_of(world)
        assert (endings(answer), answer["gaps"]) == (told, [])

        await say_everything(killed)  # and before it can tell
        killed.kill()
        project.stop()
        # Half a minute of silence, for whoever looks then.
        async with keeping(stream_free_nats, database_url) as keeper:
            await keeper.look(datetime.now(UTC) + timedelta(seconds=SILENT_SECONDS + 5))
        answer = await answer_of(world)
        assert endings(answer) == told
        assert len(answer["gaps"]) == 1
        assert "A gap." in await world.page("/")


async def say_everything(to: Role) -> None:
    """Send what is stored, what is dropped and what is rejected."""
    for event in (EVENT, EVENT, EVENT | {"domain": "shpo.example"}):
        assert (await post(to, event)).status_code == 204
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        address = f"http://127.0.0.1:{to.port}/api/event"
        assert (await http.post(address, json=EVENT, headers={"Sec-GPC": "1"})).status_code == 204
        malformed = await http.post(address, content=b"{", headers={"Content-Type": "application/json"})
        assert malformed.status_code == 400


async def runs(world: World) -> list[str]:
    """Return every run that is known."""
    connection = await asyncpg.connect(world.database_url)
    try:
        return [row["run"] for row in await connection.fetch("SELECT run FROM tally_runs")]
    finally:
        await connection.close()
