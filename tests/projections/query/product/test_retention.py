"""Retention is what a count by hand says of who was first seen when, in every zone; of anonymous visitors it says why not."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from projections.projections import PRODUCT
from tests.facts import pageview
from tests.facts_product import SITE, action, described
from tests.projections.query.world import NOW, World
from tests.projections.world import Teller

DAY = timedelta(days=1)
MONDAY = date(2026, 10, 26)


async def test_of_who_was_first_seen_in_a_week_those_are_counted_who_came_back(world: World):
    chance = random.Random(7)
    start = datetime(2026, 10, 20, tzinfo=NOW.tzinfo)
    people = ["", *(f"{number:02x}" * 16 for number in range(9)), "anna@example"]
    facts: list[Any] = [
        action(at=start + timedelta(minutes=chance.randrange(29 * 1440)), subject=chance.choice(people)) for _ in range(60)
    ]
    facts += [described(at=datetime(2026, 11, 1, 23, 50, tzinfo=NOW.tzinfo), subject="told", plan="pro")]
    facts += [action(at=datetime(2026, 11, 9, tzinfo=NOW.tzinfo), subject="told")]
    teller = Teller(world.database_url, PRODUCT)
    for number in range(0, len(facts), 20):
        await teller.tell(*facts[number : number + 20])
    await teller.tell(action(at=start, site="other.example", subject="elsewhere"))
    await teller.close()
    for name in ("UTC", "Asia/Kathmandu", "America/Los_Angeles"):
        asked = {"period": "custom", "from": "2026-10-28", "to": "2026-11-30", "timezone": name}
        answer = await world.ask("retention", site=SITE, **asked)
        assert answer["cohorts"] == by_hand(facts, ZoneInfo(name)), name
        assert "midnight UTC" in answer["anonymous"]


async def test_anonymous_visitors_are_in_no_cohort_and_it_is_said_why(world: World):
    await world.tell(pageview(at=NOW), pageview(at=NOW - 8 * DAY))
    answer = await world.ask("retention", period="30d")
    assert {cohort["subjects"] for cohort in answer["cohorts"]} == {0}
    assert "nobody can tell" in answer["anonymous"]
    long = await world.ask("retention", period="custom", **{"from": "2001-01-01", "to": "2010-12-31"})
    assert (len(long["cohorts"]), long["cohorts"][-1]["week"]) == (53, "2010-12-27")


def by_hand(facts: list[Any], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return the cohorts of the weeks from MONDAY until the one of NOW."""

    def week_of(fact: Any) -> int:
        return (fact.occurred_at.astimezone(zone).date() - MONDAY).days // 7

    weeks = range((NOW.astimezone(zone).date() - MONDAY).days // 7 + 1)
    first: dict[str, int] = {}
    acted: defaultdict[str, set[int]] = defaultdict(set)
    for fact in facts:
        if fact.subject:
            first[fact.subject] = min(first.get(fact.subject, week_of(fact)), week_of(fact))
            if hasattr(fact, "name"):
                acted[fact.subject].add(week_of(fact))
    cohorts = []
    for week in weeks:
        subjects = [subject for subject, seen in first.items() if seen == week]
        came = [sum(later in acted[subject] for subject in subjects) for later in weeks if later >= week]
        shares = [round(100 * number / len(subjects), 1) if subjects else 0.0 for number in came]
        cohorts.append(
            {
                "week": (MONDAY + week * 7 * DAY).isoformat(),
                "subjects": len(subjects),
                "weeks": [
                    {"number": number, "subjects": back, "share": share}
                    for number, (back, share) in enumerate(zip(came, shares, strict=True))
                ],
            }
        )
    return cohorts
