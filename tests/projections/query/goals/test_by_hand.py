"""Whatever facts there are, in whatever order and batches they came, goals and funnels are what a count by hand says."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.control.goals import Condition, PropertyCondition, PropertyTest
from contracts.events import EventRecorded, PageViewed, Source
from projections.read_models.visit import tie_of
from tests.facts import event, pageview
from tests.projections.control.deciding import decided, funnel, goal, site
from tests.projections.query.world import World, open_world
from tests.projections.world import chunks

START = datetime(2026, 11, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IDLE = 30 * MINUTE
Fact = PageViewed | EventRecorded

CONDITIONS = (
    Condition(page="/a"),
    Condition(page="/*b*"),
    Condition(event="Buy"),
    Condition(event="Buy", props=(PropertyCondition(name="n", value="2", test=PropertyTest.AT_LEAST),)),
    Condition(event="Buy", props=(PropertyCondition(name="n", value="2"),)),
)
_numbers = itertools.count(1)


def fact_of(site_: str, said: tuple[int, ...]) -> Fact:
    visitor, minute, what, id_, source = said
    envelope: dict[str, Any] = {
        "site": site_,
        "at": START + minute * MINUTE,
        "id": str(UUID(int=id_)),
        "visitor": f"{visitor + 1:02x}" * 16,
        "source": Source(name=("Google", "Direct")[source]),
    }
    if what < 3:
        return pageview(("/a", "/b", "/a/b")[what], **envelope)
    return event(("Buy", "Look")[what % 2], props={"n": what}, **envelope)


# Few minutes, so that many facts are at one time and many windows end exactly; two UTC days, and visits with gaps at the edge.
FACTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([0, 1, 2, 10, 11, 40, 41, 70, 100, 720, 1435, 1439, 1440, 1441, 1450, 2000]),
        st.integers(0, 6),
        st.integers(1, 2**64),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda said: said[3],
)


def fits(condition: Condition, fact: Fact) -> bool:
    if condition.page is not None:
        if not isinstance(fact, PageViewed):
            return False
        return fact.page.path == "/a" if condition.page == "/a" else "b" in fact.page.path
    if not isinstance(fact, EventRecorded) or fact.name != condition.event:
        return False
    number = fact.props["n"]
    assert isinstance(number, int)
    return all(number >= 2 if each.test is PropertyTest.AT_LEAST else number == 2 for each in condition.props)


def visits_of(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Yield the facts of each visit, in the order of time, and of what breaks its ties."""
    days: defaultdict[Any, list[Fact]] = defaultdict(list)
    for fact in facts:
        days[fact.visitor, fact.occurred_at.date()].append(fact)
    for theirs in days.values():
        theirs.sort(key=lambda fact: (fact.occurred_at, tie_of(fact.id)))
        visit = theirs[:1]
        for before, fact in itertools.pairwise(theirs):
            if fact.occurred_at - before.occurred_at > IDLE:
                yield visit
                visit = []
            visit.append(fact)
        yield visit


def furthest(facts: Sequence[Fact], steps: Sequence[Condition], window: timedelta) -> int:
    """Return how many steps are taken by *facts*, tried from each of them that can begin, and every way on."""

    def after(number: int, began: datetime, taken: int) -> int:
        if taken == len(steps):
            return taken
        ways = (
            after(place + 1, began, taken + 1)
            for place, fact in enumerate(facts[number:], start=number)
            if fits(steps[taken], fact) and fact.occurred_at - began <= window
        )
        return max((*ways, taken))

    return max((after(place + 1, fact.occurred_at, 1) for place, fact in enumerate(facts) if fits(steps[0], fact)), default=0)


def counted_goal(visits: Sequence[list[Fact]], condition: Condition) -> tuple[int, int]:
    reached = [fact for visit in visits for fact in visit if fits(condition, fact)]
    return len({(fact.visitor, fact.occurred_at.date()) for fact in reached}), len(reached)


def counted_funnel(visits: Sequence[list[Fact]], steps: Sequence[Condition], window: timedelta) -> list[int]:
    days: defaultdict[Any, list[Fact]] = defaultdict(list)
    for visit in visits:
        days[visit[0].visitor, visit[0].occurred_at.date()] += visit
    came = [furthest(sorted(facts, key=lambda fact: (fact.occurred_at, fact.id)), steps, window) for facts in days.values()]
    return [sum(far >= number for far in came) for number in range(1, len(steps) + 1)]


ZONES = {"UTC": timedelta(), "Asia/Kolkata": timedelta(hours=5, minutes=30)}


async def compare(world: World, said: Sequence[tuple[int, ...]], steps: Sequence[int], window: int, order: int) -> None:
    name = f"s{next(_numbers)}.example"
    facts = [fact_of(name, each) for each in said]
    random.Random(order).shuffle(facts)
    for batch in chunks(facts, (1, order % 5 + 1)):
        await world.tell(*batch)
    wanted = [CONDITIONS[number] for number in steps]
    await decided(
        world.database_url,
        site(name),
        *(goal(f"g{number}", condition, of_site=name) for number, condition in enumerate(CONDITIONS)),
        funnel("f", *wanted, of_site=name, window_seconds=window),
    )
    for zone, ahead in ZONES.items():
        since = datetime(2026, 11, 16, tzinfo=UTC) - ahead
        visits = [visit for visit in visits_of(facts) if since <= visit[0].occurred_at < since + timedelta(days=1)]
        for source in ("", "Google"):
            kept = [visit for visit in visits if not source or visit[0].source.name == source]
            asked = {"period": "custom", "from": "2026-11-16", "to": "2026-11-16", "timezone": zone}
            asked |= {"filter": f"source:{source}"} if source else {}
            goals = (await world.ask("goals", site=name, **asked))["goals"]
            assert [(row["visitors"], row["conversions"]) for row in goals] == [
                counted_goal(kept, condition) for condition in CONDITIONS
            ]
            answer = await world.ask("funnels/f", site=name, **asked)
            taken = [step["visitors"] for step in answer["steps"]]
            assert taken == counted_funnel(kept, wanted, timedelta(seconds=window))


@pytest.mark.parametrize("examples", [8, pytest.param(300, marks=pytest.mark.long)])
def test_goals_and_funnels_are_what_a_count_by_hand_says(database_url: str, examples: int):
    with asyncio.Runner() as runner:
        opened = open_world(database_url)
        world = runner.run(opened.__aenter__())

        @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(
            FACTS,
            st.lists(st.integers(0, 4), min_size=2, max_size=4),
            st.sampled_from([60, 600, 1800, 86_400]),
            st.integers(0, 99),
        )
        def check(said: Any, steps: list[int], window: int, order: int) -> None:
            runner.run(compare(world, said, steps, window, order))

        check()
        runner.run(opened.__aexit__(None, None, None))
