"""Hits that count because their visit is kept are the same whether they are counted themselves or by their visits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.events import EventRecorded
from projections.query import counts
from projections.query.in_visits import are_midnights, parted
from projections.query.periods import Span
from tests.facts import traffic
from tests.projections.query.world import World

DAY = datetime(2026, 11, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
FILTERS = (
    ["country:NO"],
    ["source!:Google", "device:mobile"],
    ["event:signup"],
    ["event!:signup", "browser~:e"],
    ["page:/1"],
    ["page!:/1"],
    ["entry_page:/1"],
    ["country:NO", "country:"],
)


@pytest.mark.parametrize(
    ("since", "until", "whole", "edges"),
    [
        (DAY, DAY + 24 * HOUR, (0, 24), []),
        (DAY + HOUR, DAY + 49 * HOUR, (24, 48), [(1, 24), (48, 49)]),
        (DAY - HOUR, DAY + 24 * HOUR, (0, 24), [(-1, 0)]),
        (DAY + HOUR, DAY + 25 * HOUR, None, []),
        (DAY, DAY + HOUR, None, []),
    ],
)
def test_a_span_is_its_whole_days_and_what_is_before_and_behind(
    since: datetime, until: datetime, whole: tuple[int, int] | None, edges: list[tuple[int, int]]
):
    found = parted(Span(since, until))
    if whole is None:
        assert found is None
        return
    assert found is not None
    assert found.whole == Span(*(DAY + hours * HOUR for hours in whole))
    assert list(found.edges) == [Span(DAY + begins * HOUR, DAY + ends * HOUR) for begins, ends in edges]


def test_midnight_is_that_of_utc():
    assert are_midnights([DAY, DAY + 24 * HOUR])
    assert not are_midnights([DAY, DAY + HOUR])


async def answers(world: World, filters: list[str], zone: str) -> list[Any]:
    asked: dict[str, Any] = {"period": "custom", "from": "2026-10-31", "to": "2026-11-03", "timezone": zone, "filter": filters}
    return [
        await world.ask("overview", site="site-1.example", **asked),
        *[
            await world.ask("timeseries", site="site-1.example", metric=metric, interval=interval, **asked)
            for metric in ("pageviews", "views_per_visit", "events")
            for interval in ("hour", "day", "week")
        ],
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
@pytest.mark.parametrize("filters", FILTERS, ids=" ".join)
async def test_visits_say_of_their_hits_what_the_hits_say(
    world: World, monkeypatch: pytest.MonkeyPatch, filters: list[str], zone: str
):
    facts = list(traffic(1500, seed=3, days=5))
    # Of two events of a visit only one has the name that is asked for.
    await world.tell(
        *(replace(fact, name="other") if isinstance(fact, EventRecorded) and n % 2 else fact for n, fact in enumerate(facts))
    )
    by_visits = await answers(world, filters, zone)
    monkeypatch.setattr(counts, "said_by_visits", lambda *_: None)
    assert by_visits == await answers(world, filters, zone)
    assert by_visits[0]["pageviews"] > 0
