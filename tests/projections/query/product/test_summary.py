"""What is summed up of actions, and which of them fit a question, is what a count by hand says, in every zone."""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from contracts.events import ActionRecorded
from projections.database import open_engine
from projections.projections import PRODUCT
from projections.query.asked import Asked
from projections.query.caller import only_caller
from projections.query.periods import Days, Period
from projections.query.product import actions
from projections.query.product.actions import ActionOrder, ActionQuestion, count_actions, find_actions
from projections.query.product.summary import ActionSummary, Counted, summary
from tests.facts_product import SITE, action
from tests.projections.telemetry import FIRST, NOW, telemetry
from tests.projections.world import Teller, chunks, read_generation

# None, whole hours, half an hour, and a quarter apart from UTC.
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu")
SECOND = timedelta(seconds=1)


def told() -> list[ActionRecorded]:
    """Return the actions of a week in no order: of pseudonyms, of plain ids, of nobody; names with what could cut a list."""
    named = {0: "a,b", 1: "a\x1fb", 2: "a{b}", 3: 'a"b'}
    facts = list(telemetry(600, seed=9))
    for number in range(0, len(facts), 3):
        subject = ("", "anna@example", "ÆØ", facts[number].subject)[number % 4]
        name = named.get(number % 5, facts[number].name)
        facts[number] = structs.replace(facts[number], subject=subject, name=name)
    at_midnights = [NOW.replace(hour=0, minute=0) - timedelta(days=days) for days in range(4)]
    facts += [action("midnight", at=at - before, subject="edge") for at in at_midnights for before in (SECOND, 0 * SECOND)]
    random.Random(9).shuffle(facts)
    return [*facts, action("elsewhere", site="other.example", at=NOW), action("foreign", tenant="rival", at=NOW)]


@pytest.fixture
async def asking(database_url: str):
    """Lend what answers from the facts, told in batches of several sizes."""
    teller, facts = Teller(database_url, PRODUCT), told()
    for batch in chunks(facts, (1, 50, 200)):
        await teller.tell(*batch)
    await teller.close()
    engine = open_engine(database_url, schema=(await read_generation(database_url, "product")).schema)
    yield engine, [fact for fact in facts if (fact.tenant, fact.site) == ("main", SITE)]
    await engine.dispose()


def by_hand(facts: Sequence[ActionRecorded], of: Callable[[ActionRecorded], str]) -> set[Counted]:
    values = {of(fact) for fact in facts} - {""}
    theirs = {value: [fact for fact in facts if of(fact) == value] for value in values}
    return {Counted(value=value, actions=len(some), subjects=people(some)) for value, some in theirs.items()}


def people(facts: Sequence[ActionRecorded]) -> int:
    return len({fact.subject for fact in facts} - {""})


def asked(first: date, last: date, zone: str) -> Asked:
    caller, days = only_caller("main"), Days(first, last)
    return Asked(caller=caller, sites=(SITE,), period=Period.CUSTOM, days=days, timezone=zone, now=NOW)


@pytest.mark.parametrize("zone", ZONES)
async def test_a_summary_is_that_of_a_count_by_hand_in_every_zone(asking, zone: str):
    engine, facts = asking

    def day_of(fact: ActionRecorded) -> date:
        return fact.occurred_at.astimezone(ZoneInfo(zone)).date()

    for first, last in ((1, 5), (0, 6), (3, 3), (-9, 20)):
        within = asked(FIRST + timedelta(days=first), FIRST + timedelta(days=last), zone)
        async with engine.connect() as connection:
            said: ActionSummary = await summary(connection, within)
        mine = [fact for fact in facts if within.days.first <= day_of(fact) <= within.days.last]
        assert (said.actions, said.subjects) == (len(mine), people(mine))
        days = {day: [fact for fact in mine if day_of(fact) == day] for day in map(day_of, mine)}
        assert {day.day: (day.actions, day.subjects) for day in said.days} == {
            day: (len(some), people(some)) for day, some in days.items()
        }
        assert set(said.names) == by_hand(mine, lambda fact: fact.name)
        assert set(said.versions) == by_hand(mine, lambda fact: fact.app.version)
        assert set(said.systems) == by_hand(mine, lambda fact: fact.app.os)


async def test_what_is_counted_by_days_is_what_is_there_between_any_two_moments(asking):
    engine, facts = asking
    moments: list[datetime | None] = [
        None,
        *sorted(fact.occurred_at for fact in facts)[:: len(facts) // 6],
        NOW.replace(hour=0),
    ]
    names = ("java.run.started", "midnight")
    async with engine.connect() as connection:
        for since in moments:
            for until in moments:
                fit = [
                    fact
                    for fact in facts
                    if (since is None or fact.occurred_at >= since) and (until is None or fact.occurred_at <= until)
                ]
                question = ActionQuestion(tenant="main", site=SITE, since=since, until=until)
                assert await count_actions(connection, question) == len(fit)
                named = structs.replace(question, names=names)
                assert await count_actions(connection, named) == sum(fact.name in names for fact in fit)


@pytest.mark.parametrize("order", ActionOrder)
@pytest.mark.parametrize("phase", ["compile", "never"])
async def test_a_page_of_some_properties_comes_with_how_many_there_are_whether_few_or_most_have_them(
    asking, monkeypatch: pytest.MonkeyPatch, phase: str, order: ActionOrder
):
    engine, facts = asking
    fit = [fact for fact in facts if fact.props.get("phase") == phase]
    place = {
        ActionOrder.TIME: lambda _: "",
        ActionOrder.NAME: lambda fact: fact.name,
        ActionOrder.SUBJECT: lambda fact: fact.subject,
    }
    in_order = [fact.id for fact in sorted(fit, key=lambda fact: (place[order](fact), fact.occurred_at, fact.id), reverse=True)]
    for few in (0, len(facts)):
        monkeypatch.setattr(actions, "_FEW_OF_THE_NEWEST", few)
        for offset in (0, 3, len(fit) - 1, len(fit), 10_000):
            question = ActionQuestion(
                tenant="main", site=SITE, props={"phase": phase}, order=order, limit=4, offset=max(offset, 0)
            )
            async with engine.connect() as connection:
                total, page = await find_actions(connection, question)
            assert (total, [one.id for one in page]) == (len(fit), in_order[max(offset, 0) :][:4])
