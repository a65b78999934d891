"""What the bench of answers stands on: one set of facts whoever writes it, the same on both sides, and nothing twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from collector.local.postgres import PostgresServer
from contracts.events import PageViewed
from projections.migrations import migrate
from tests.bench.answers import kept
from tests.bench.answers.asked import ASKED, OVERVIEW
from tests.bench.answers.facts import facts_of
from tests.bench.answers.fill import SIDES
from tests.bench.answers.kept import Filled
from tests.bench.answers.sizes import sizes
from tests.bench.answers.stage import compared, figures
from tests.bench.answers.traffic import DAYS, SITES, Visit, days_to, shared_out, visits_of
from tests.bench.answers.umami_schema import SCHEMA
from tests.bench.world import run

FACTS = 10_000
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture(scope="module")
def full(session_postgres: PostgresServer) -> Iterator[Filled]:
    """A small set, written by two parts in this process."""
    url = session_postgres.url_of("answers")
    last = run(kept.begin(session_postgres, "answers", FACTS))
    run(migrate(url))
    for write in SIDES.values():
        for part in range(2):
            run(write(url, facts=FACTS, part=part, parts=2, last=last))
    yield Filled(url=url, facts=FACTS, last=last)
    run(_drop(session_postgres.url, "answers"))


def test_both_sides_count_the_same_people_before_anything_is_timed(full: Filled):
    # Which says so itself: see agree() in stage.py.
    # One of each kind of list and of each filter, and one of a zone with a quarter of an hour.
    kinds = {(question.what, question.zone == "Asia/Kathmandu"): question for question in ASKED if not question.filters}
    asked = [*kinds.values(), *{question.filters: question for question in ASKED if question.filters}.values()]
    answered = run(compared(full, asked, rounds=1))
    found = figures(answered)
    assert [one.name for one in found[:-2]] == [question.name for question in asked]
    assert all(one.ratio is not None and one.aim is not None for one in found[:-2])


def test_going_on_after_the_end_writes_nothing_again(full: Filled):
    before = run(_rows(full.url))
    for write in SIDES.values():
        run(write(full.url, facts=FACTS, part=0, parts=2, last=full.last))
    assert run(_rows(full.url)) == before


def test_every_table_is_weighed(full: Filled):
    weighed = {one.name: one.value for one in run(sizes(full.url))}
    assert weighed["facts, visits and ids"] > 0
    assert weighed["table website_event"] > weighed["table session"] > 0


def test_a_site_day_is_the_same_whoever_else_is_asked_for():
    assert list(visits_of(3, 7, 100_000)) == list(visits_of(3, 7, 100_000))
    assert sorted(site for share in shared_out(2) for site in share) == list(range(len(SITES)))


def test_the_set_is_as_it_is_said_to_be():
    visits = [visit for site in range(len(SITES)) for visit in visits_of(site, 5, 1_000_000)]
    facts = list(facts_of(visits, days_to(YESTERDAY)[5], 0))
    assert len(facts) * DAYS == pytest.approx(1_000_000, rel=0.03)
    assert sum(isinstance(fact, PageViewed) for fact in facts) / len(visits) == pytest.approx(2.0, rel=0.03)
    assert sum(visit.site == 0 for visit in visits) / len(visits) == pytest.approx(0.22, rel=0.03)
    assert 0.15 < _returning(visits) / len(visits) < 0.25
    assert [fact.occurred_at for fact in facts] == sorted(fact.occurred_at for fact in facts)


def test_umami_is_asked_for_two_overviews_because_its_page_is():
    assert {len(question.of_umami(YESTERDAY)) for question in ASKED if question.what == OVERVIEW} == {2}


def _returning(visits: list[Visit]) -> int:
    return sum(count - 1 for count in Counter((visit.site, visit.person) for visit in visits).values())


async def _rows(url: str) -> tuple[int, ...]:
    connection = await asyncpg.connect(url)
    counted = await connection.fetchrow(
        f"""
        SELECT (SELECT count(*) FROM web_g1.hits), (SELECT count(*) FROM web_g1.visits),
            (SELECT count(*) FROM {SCHEMA}.website_event), (SELECT count(*) FROM {SCHEMA}.session)
        """
    )
    await connection.close()
    return tuple(counted)


async def _drop(server_url: str, database: str) -> None:
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
    await connection.close()
