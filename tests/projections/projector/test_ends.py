"""How facts ended is known by site and by the hour in which they were received, from the transaction that dealt with them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import flowcore
from contracts.codec import CODEC
from contracts.events import BotRule
from projections.stream.item import Quarantined, read_item
from tests.facts import engagement, pageview
from tests.projections.world import Facts, Tables, project_all

ELEVEN, TWELVE = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (11, 12))
SUBJECT = "events.web.0.main.example/org.page_viewed/v1"


def at(hour: datetime, **fields: Any) -> Any:
    return pageview(received_at=hour.replace(minute=59, second=59, microsecond=999_999), **fields)


async def ends(tables: Tables) -> dict[tuple[str, int, str, bool], int]:
    rows = await tables.rows("SELECT * FROM ends")
    return {(row["site"], row["hour"].hour, row["ending"], row["imported"]): row["facts"] for row in rows}


async def test_every_fact_ends_in_the_hour_of_its_receipt_whatever_becomes_of_it(
    facts: Facts, tables: Tables, database_url: str
):
    first = at(ELEVEN)
    await facts.publish(first, at(TWELVE), at(TWELVE, site="other.org"), at(TWELVE, bot=BotRule.CRAWLER))
    await facts.repeat(first)
    await facts.publish(at(ELEVEN, batch="log.example.org"), at(ELEVEN, batch=flowcore.BATCH))
    poison = engagement(2**40, received_at=TWELVE)
    await facts.publish(poison)
    await facts.store(b"?", "events.web.strange", "nobody's")
    await project_all(facts, tables, database_url)
    found = await ends(tables)
    nobodys = [key for key in found if not key[0]]
    assert [(key[2], found.pop(key)) for key in nobodys] == [("quarantined", 1)]
    assert found == {
        ("example.org", 11, "counted", False): 2,
        ("example.org", 11, "counted", True): 1,
        ("example.org", 11, "repeated", False): 1,
        ("example.org", 12, "counted", False): 1,
        ("example.org", 12, "robot", False): 1,
        ("example.org", 12, "quarantined", False): 1,
        ("other.org", 12, "counted", False): 1,
    }
    assert await tables.dealt_with() == await tables.value("SELECT sum(facts) FROM ends")


@pytest.mark.parametrize(
    ("fields", "came_at"),
    [
        ({"received_at": "2026-11-20T12:34:56Z"}, datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, None),
        ({"received_at": "9999-12-31T23:59:59-14:00"}, None),
        ({"received_at": 7}, None),
    ],
)
def test_what_cannot_be_read_came_when_its_envelope_says_if_that_can_be(fields: dict[str, Any], came_at: datetime | None):
    body = json.dumps(json.loads(CODEC.encode(pageview())) | {"visitor": "?"} | fields).encode()
    item = read_item(body, seq=1, message_id="", subject=SUBJECT)
    assert isinstance(item, Quarantined)
    assert item.came_at == came_at
