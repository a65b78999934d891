"""A guest is who asks from this machine before anybody may sign in: what they see while that becomes known."""

import asyncio

from projections.control.tables import begin_reading, keep
from projections.query.database import open_writing
from projections.stream.item import Sequenced
from tests.facts import pageview
from tests.projections.control.deciding import joined, site
from tests.projections.query.world import NOW, SITE, World


async def test_the_first_decision_of_all_does_not_shut_a_guest_out_while_it_is_read(world: World):
    assert await asked_while_it_is_read(world, site(SITE)) == 200


async def test_a_guest_who_waits_for_what_is_read_is_none_beside_a_member(world: World):
    assert await asked_while_it_is_read(world, *joined("m1")) == 401


async def asked_while_it_is_read(world: World, *decisions: object) -> int:
    """Return how a guest is answered who asks while *decisions* are known to be there, and are read only then."""
    await world.tell(pageview(at=NOW))
    engine = open_writing(world.database_url)
    async with engine.begin() as connection:
        await begin_reading(connection, NOW, last_seq=len(decisions))
    asking = asyncio.create_task(world.get(f"/api/stats/{SITE}/overview"))
    done, _ = await asyncio.wait({asking}, timeout=0.3)
    assert not done
    async with engine.begin() as connection:
        items = [Sequenced(seq=seq, message_id="", event=event) for seq, event in enumerate(decisions, start=1)]
        await keep(connection, items, last_seq=len(items))
    await engine.dispose()
    return (await asking).status_code
