"""Every example in the API's document is true: the question gets exactly that answer. RECORD=1 writes the answers anew."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from contracts.events import Channel, Place, Source
from contracts.events.envelope import Money
from projections.query.examples import PLACE, exchanges
from tests.facts import ANNA, BERT, event, pageview
from tests.projections.query.world import World

AT = datetime(2026, 11, 18, 15, 28, tzinfo=UTC)
CARL = "c3" * 16
SHOP: dict[str, Any] = {"site": "shop.example"}
NORWAY = {"place": Place(country="NO"), "source": Source(name="Google", channel=Channel.ORGANIC_SEARCH)}


async def tell(world: World) -> None:
    """Tell what happened in the shop of the examples."""
    day = timedelta(days=1)
    ids = (f"0190163d-8694-739b-aea5-966c26f8ad9{number}" for number in range(10))
    anna = {"visitor": ANNA, **NORWAY, **SHOP}
    sweden = {"place": Place(country="SE"), **SHOP}
    paid = {"props": {"plan": "yearly"}, "revenue": Money(amount="19.90", currency="EUR")}
    await world.tell(
        pageview("/", at=AT, id=next(ids), **anna),
        pageview("/cart", at=AT + timedelta(seconds=30), id=next(ids), **anna),
        event("Purchase", at=AT + timedelta(seconds=60), id=next(ids), **anna, **paid),
        pageview("/cart", at=AT - day, id=next(ids), visitor=BERT, **sweden),
        pageview("/", at=AT - 3 * day, id=next(ids), visitor=CARL, **sweden),
    )


async def answer_to(world: World, path: str, body: dict[str, Any] | None) -> Any:
    response = await (world.get(path) if body is None else world.client.post(path, json=body))
    assert response.status_code == 200, response.text
    return response.json()


async def test_every_example_is_the_answer_to_its_question(world: World):
    await tell(world)
    found = [msgspec.structs.replace(one, answer=await answer_to(world, one.path, one.body)) for one in exchanges()]
    if os.environ.get("RECORD"):
        PLACE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    assert found == list(exchanges())


async def test_the_document_shows_them(doorstep: World):
    paths = (await doorstep.get("/schema/openapi.json")).json()["paths"]
    for name in ("overview", "timeseries", "realtime", "breakdown/{dimension}", "facts"):
        content = paths[f"/api/stats/{{site}}/{name}"]["get"]["responses"]["200"]["content"]
        assert content["application/json"]["examples"], name
    asked = paths["/api/v1/query"]["post"]
    body = asked["requestBody"]["content"]["application/json"]
    assert set(body["schema"]["required"]) == {"site_id", "metrics", "date_range"}
    assert len(body["examples"]) == len(asked["responses"]["200"]["content"]["application/json"]["examples"]) > 3
