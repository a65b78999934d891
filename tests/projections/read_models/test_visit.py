"""A visit is the same whatever order and whatever batches its facts come in, and the same as counting them all at once."""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events import EngagementMeasured, EventRecorded, PageViewed, WebEvent
from projections.read_models.dictionaries import Coded
from projections.read_models.visit import TAIL_LENGTH, Visit, VisitFact, join, merge, tie_of
from projections.read_models.visit import visit_of as coded_visit_of
from projections.read_models.visits import VisitorDay, row_of, visit_in
from projections.read_models.visits import visitor_day_of as coded_visitor_day_of
from tests.facts import NOON, engagement, event, pageview

MINUTE = timedelta(minutes=1)


def coded(fact: WebEvent) -> Coded:
    """Return numbers for what a fact says, as a dictionary would give them."""
    page = int(fact.page.path.strip("/") or "z", 36)
    return Coded(tenant=1, site=2, page=page, client=page + 1, origin=page + 2, name=0)


def visit_of(fact: VisitFact) -> Visit:
    return coded_visit_of(fact, coded(fact))


def visitor_day_of(fact: VisitFact) -> VisitorDay:
    return coded_visitor_day_of(fact, coded(fact))


def naive(facts: Sequence[WebEvent]) -> list[Visit]:
    """Cut all facts of a visitor-day, in order of time, where the gap is over thirty minutes, and look at each piece."""
    pieces: list[list[WebEvent]] = []
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, tie_of(fact.id))):
        last = pieces[-1][-1].occurred_at if pieces else None
        if last and fact.occurred_at.date() == last.date() and fact.occurred_at - last <= 30 * MINUTE:
            pieces[-1].append(fact)
        else:
            pieces.append([fact])
    return [naive_visit(piece) for piece in pieces]


def naive_visit(piece: list[WebEvent]) -> Visit:
    views = [fact for fact in piece if isinstance(fact, PageViewed)]
    events = [fact for fact in piece if isinstance(fact, EventRecorded)]
    seen = [fact for fact in piece if not isinstance(fact, EngagementMeasured)]
    reports = sorted(
        (fact.occurred_at, fact.engaged_ms)
        for fact in piece
        if isinstance(fact, EngagementMeasured) and (not views or fact.occurred_at >= views[-1].occurred_at)
    )
    steps = [(view.occurred_at, tie_of(view.id), coded(view).page) for view in views]
    first = seen[0] if seen else None
    return Visit(
        opened_at=piece[0].occurred_at,
        closed_at=piece[-1].occurred_at,
        first=(first.occurred_at, tie_of(first.id), *coded(first)[2:5]) if first else None,
        ended_at=seen[-1].occurred_at if seen else None,
        pageviews=len(views),
        events=len(events),
        interactions=sum(fact.interactive for fact in events),
        entry=steps[0] if steps else None,
        exit=steps[-1] if steps else None,
        tail=tuple(reports[-TAIL_LENGTH:]),
    )


@st.composite
def days(draw: st.DrawFn) -> list[WebEvent]:
    """A visitor's day: gaps around the limit, ties, and facts that bridge what was apart."""
    minutes = draw(st.lists(st.sampled_from([0, 1, 15, 29, 30, 31, 45, 60, 61, 90, 120]), max_size=14))
    day: list[WebEvent] = []
    for number, minute in enumerate(minutes):
        make = draw(st.sampled_from([pageview, event, engagement]))
        id_ = str(UUID(int=draw(st.integers(0, 2**20)) << 40 | number))
        at = NOON + minute * MINUTE
        if make is pageview:
            day.append(pageview(f"/{number}", at=at, id=id_))
        elif make is event:
            day.append(event(at=at, id=id_, interactive=draw(st.booleans())))
        else:
            day.append(engagement(draw(st.integers(0, 3)), at=at, id=id_))
    return day


@given(days(), st.randoms(use_true_random=False))
def test_any_order_and_any_batching_give_the_visits_of_all_facts_at_once(day: list[WebEvent], chance):
    chance.shuffle(shuffled := list(day))
    visits: list[Visit] = []
    while shuffled:
        size = chance.randint(1, 5)
        batch, shuffled = shuffled[:size], shuffled[size:]
        visits = merge([*visits, *map(visit_of, batch)])
    assert visits == naive(day)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(days(), days(), days()).filter(all))
def test_joining_is_commutative_and_associative(three: tuple[list[WebEvent], list[WebEvent], list[WebEvent]]):
    one, two, other = (reduce(join, map(visit_of, day)) for day in three)
    assert join(one, two) == join(two, one)
    assert join(join(one, two), other) == join(one, join(two, other))


@given(days())
def test_a_row_holds_all_that_a_visit_is(day: list[WebEvent]):
    for visit in merge(map(visit_of, day)):
        whose = visitor_day_of(day[0])
        assert visit_in(row_of(whose, visit)) == (whose, visit)


@pytest.mark.parametrize(("gap", "visits"), [(30 * MINUTE, 1), (30 * MINUTE + timedelta(microseconds=1), 2)])
def test_a_gap_of_exactly_thirty_minutes_is_still_one_visit(gap: timedelta, visits: int):
    assert len(merge([visit_of(pageview(at=NOON)), visit_of(pageview(at=NOON + gap))])) == visits


def test_a_late_fact_joins_two_visits():
    apart = merge([visit_of(pageview("/a", at=NOON)), visit_of(pageview("/c", at=NOON + 50 * MINUTE))])
    assert len(apart) == 2
    (joined,) = merge([*apart, visit_of(pageview("/b", at=NOON + 25 * MINUTE))])
    assert (joined.pageviews, joined.entry[2], joined.exit[2]) == (3, int("a", 36), int("c", 36))


def test_engagement_counts_from_the_last_pageview_on():
    at = [NOON + number * MINUTE for number in range(4)]
    facts = [engagement(1, at=at[0]), pageview(at=at[1]), engagement(20, at=at[2]), engagement(300, at=at[3])]
    (visit,) = merge(map(visit_of, facts))
    assert sum(milliseconds for _, milliseconds in visit.tail) == 320


def test_only_the_newest_engagement_is_kept():
    reports = [visit_of(engagement(number, at=NOON + number * MINUTE)) for number in range(100)]
    (visit,) = merge(reports)
    assert [milliseconds for _, milliseconds in visit.tail] == list(range(36, 100))


def test_a_sum_that_no_column_holds_stays_at_its_limit():
    (visit,) = merge([visit_of(engagement(2**31 - 1, at=NOON + number * MINUTE)) for number in range(2)])
    assert 2**31 - 1 in row_of(visitor_day_of(pageview()), visit)
