"""A question that takes Postgres too long is cut short in every family of addresses: 503, a problem document, when again."""

from collections.abc import AsyncIterator

import pytest
from httpx import Response

from contracts.control.goals import Condition
from projections.query import database
from projections.query.facts.families import FAMILIES
from tests.projections.control.deciding import decided, funnel, goal, site
from tests.projections.query.v1.asking import ADDRESS, LEAST
from tests.projections.query.world import SITE, World, open_world
from tests.projections.world import connect_to_tables

OF_SITE = (
    *("overview", "breakdown/page"),
    *("goals", "goals/pricing", "goals/pricing/breakdown/country", "funnels/sale", "retention"),
    "ledger",
)
QUESTIONS = (
    *({}, {"dimensions": ["visit:country"]}, {"dimensions": ["time:day"]}),
    *({"metrics": ["events"], "dimensions": ["event"]}, {"include": {"comparisons": {"mode": "previous_period"}}}),
)


@pytest.fixture
async def held_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """An application that has little patience, in front of tables that somebody else has locked."""
    monkeypatch.setitem(database._SESSION, "statement_timeout", "200ms")
    pricing = Condition(page="/pricing")
    await decided(database_url, site(SITE), goal("pricing", pricing), funnel("sale", pricing, Condition(event="Buy")))
    connection = await connect_to_tables(database_url)
    async with connection.transaction():
        facts = [row["name"] for row in await connection.fetch(_FACTS)]
        await connection.execute(f"LOCK TABLE {', '.join(facts)} IN ACCESS EXCLUSIVE MODE")
        async with open_world(database_url) as world:
            yield world
    await connection.close()


# All that facts are folded into, but for what says first whether there is such a site, and whether its days are added up.
_FACTS = """
    SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname ~ '_g1$' AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname NOT IN ('positions', 'site_ids', 'site_days')
"""


async def test_a_question_of_any_family_is_cut_short(held_up: World, subtests: pytest.Subtests):
    addresses = ["/api/stats/ledger", *(f"/api/stats/{SITE}/{name}" for name in OF_SITE)]
    for address in addresses:
        with subtests.test(address):
            assert_too_slow(await held_up.get(address))
    for more in QUESTIONS:
        with subtests.test(f"query {more}"):
            assert_too_slow(await held_up.client.post(ADDRESS, json=LEAST | more))


async def test_facts_of_any_family_and_in_any_form_are_cut_short_before_they_begin(held_up: World, subtests: pytest.Subtests):
    for family in FAMILIES:
        for form in ("json", "csv", "ndjson"):
            with subtests.test(f"{family} {form}"):
                assert_too_slow(await held_up.get(f"/api/stats/{SITE}/facts", family=family, format=form))


async def test_an_answer_as_a_table_or_lines_is_cut_short_as_a_problem(held_up: World):
    for form in ("csv", "ndjson"):
        assert_too_slow(await held_up.get(f"/api/stats/{SITE}/goals", format=form))
        assert_too_slow(await held_up.client.post(f"{ADDRESS}?format={form}", json=LEAST))


def assert_too_slow(response: Response) -> None:
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json"), response.text
    assert (response.json()["status"], response.json()["code"]) == (503, "too_slow")
    assert int(response.headers["retry-after"]) > 0
