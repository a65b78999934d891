"""A swap at a hundred questions a second: each is answered, wholly by what was read or by what was made, and never back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import pytest
from msgspec.structs import replace

from tests.facts import traffic
from tests.faults.asking_on import METRICS, NOW, SITE, Answer, Question, Said, ask, ask_pages, asking_on
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.projector.test_rebuild import rebuild
from tests.projections.query.world import World, open_world
from tests.projections.read_models.rollups.added import all_fresh
from tests.projections.world import Facts, Tables, projecting
from tests.projections.world import until as comes_to_pass

FACTS = 300
ENOUGH = 50
# Half of the people are gone, so that every number is another; the days are answered from rows then.
SPOIL = """
    CREATE TEMPORARY TABLE gone AS SELECT visitor FROM (SELECT visitor, row_number() OVER (ORDER BY visitor) AS at
        FROM (SELECT DISTINCT visitor FROM coded_visits) AS people) AS numbered WHERE at % 2 = 0;
    DELETE FROM coded_hits WHERE visitor IN (SELECT visitor FROM gone);
    DELETE FROM coded_visits WHERE visitor IN (SELECT visitor FROM gone);
    UPDATE site_days SET state = 0;
"""


class Kind(StrEnum):
    """What an answer was."""

    OLD = "the whole old one"
    NEW = "the whole new one"
    MIXED = "neither"
    FAILED = "none"
    BACK = "the old one, asked after somebody had the new one"


Whole = Mapping[Question, Said]


def kinds_of(answers: Sequence[Answer], old: Whole, new: Whole) -> Counter[Kind]:
    """Return how many of *answers* were of each kind."""
    first = min((answer.came for answer in answers if answer.said == new[answer.question]), default=float("inf"))
    return Counter(_kind(answer, old, new, first) for answer in answers)


def _kind(answer: Answer, old: Whole, new: Whole, first: float) -> Kind:
    if answer.status != 200:
        return Kind.FAILED
    if answer.said == new[answer.question]:
        return Kind.NEW
    if answer.said != old[answer.question]:
        return Kind.MIXED
    return Kind.OLD if answer.asked < first else Kind.BACK


async def asked_once(world: World) -> Whole:
    return {question: (await ask(world.client, question)).said for question in Question}


async def spoil(facts: Facts, tables: Tables, database_url: str) -> None:
    """Count what is stored, and then spoil what is read."""
    await facts.publish(*traffic(FACTS, seed=1))
    async with projecting(facts.nats_url, database_url) as running:
        await comes_to_pass(all_fresh(tables, FACTS), watching=running)
    await tables.connection.execute(SPOIL)


@pytest.mark.parametrize("options", [(), pytest.param(("--site", SITE), marks=pytest.mark.long)], ids=["whole", "site"])
async def test_no_answer_fails_or_is_mixed_or_goes_back(
    options: Sequence[str], facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await spoil(facts, tables, database_url)
    async with open_world(database_url) as world, projecting(facts.nats_url, database_url):
        world.now = NOW
        old = await asked_once(world)
        async with asking_on(world.client, a_second=100) as answers:
            await until(lambda: len(answers) >= ENOUGH, "what is read before it is asked for")
            urls = {"NATS_URL": facts.nats_url, "DATABASE_URL": database_url}
            rebuilding = role("backfill", options=("--projection", "web", *options), **urls)
            await until(lambda: not rebuilding.is_running, "the backfill has come to its end")
            assert rebuilding.end() == 0, rebuilding.said()
            behind = len(answers) + ENOUGH
            await until(lambda: len(answers) >= behind, "what is read after it is asked for")
        new = await asked_once(world)
    assert all(old[question] != new[question] for question in Question)
    kinds = kinds_of(answers, old, new)
    assert set(kinds) == {Kind.OLD, Kind.NEW}, kinds


async def test_two_numbers_of_two_transactions_are_seen_to_be_mixed(facts: Facts, tables: Tables, database_url: str):
    await spoil(facts, tables, database_url)
    async with open_world(database_url) as world:
        world.now = NOW
        old = await asked_once(world)
        before = (await ask_pages(world.client, METRICS[:3])).json()["results"]
        await rebuild(facts, tables, database_url)
        after = (await ask_pages(world.client, METRICS[3:])).json()["results"]
        new = await asked_once(world)
    rows = [
        {"dimensions": one["dimensions"], "metrics": one["metrics"] + other["metrics"]}
        for one, other in zip(before, after, strict=False)
    ]
    answer = Answer(question=Question.PAGES, asked=0, came=1, status=200, said=rows)
    assert kinds_of([answer], old, new) == {Kind.MIXED: 1}
    was, is_now = replace(answer, said=old[Question.PAGES]), replace(answer, said=new[Question.PAGES])
    assert kinds_of([was, is_now], old, new) == {Kind.OLD: 1, Kind.NEW: 1}
    assert kinds_of([is_now, replace(was, asked=2, came=3)], old, new) == {Kind.NEW: 1, Kind.BACK: 1}
    assert kinds_of([replace(was, status=503)], old, new) == {Kind.FAILED: 1}
