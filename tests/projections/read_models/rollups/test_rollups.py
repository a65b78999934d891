"""A fresh day's rollups are what its hits and visits add up to, whatever came in which order or late; other days say so."""

import asyncio
import itertools
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import BotRule, Device, DeviceKind, Place, Source, WebEvent
from projections.database import open_engine
from projections.projector.freshening import dirty_days, freshen_all, mark_other_shapes
from projections.query.dimensions import DIMENSION_NAMED
from projections.query.sums import Of
from projections.read_models.model import Whose
from projections.read_models.rollups import marking
from projections.read_models.rollups.fresh import Days, fresh_days
from projections.read_models.rollups.numbering import NUMBERS
from projections.read_models.rollups.tables import OF_A_SITE
from tests.facts import ANNA, BERT, NOON, engagement, event, pageview, traffic
from tests.projections.read_models.rollups.added import both
from tests.projections.world import MODELS, Teller, read_generation

DAY = NOON.date()
TODAY = DAY + timedelta(days=1)
TONIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
LONG_AGO, FAR_AHEAD = date(2026, 1, 1), date(2027, 1, 1)


async def marks(engine: AsyncEngine, site: str = "example.org", *, tenant: str = "main") -> Days:
    """Return how the days of *site* are marked."""
    async with engine.connect() as connection:
        return await fresh_days(connection, tenant, site, LONG_AGO, FAR_AHEAD)


async def test_fresh_days_hold_what_their_rows_add_up_to(engine: AsyncEngine, teller: Teller):
    facts = [*traffic(400, seed=3, visitors=12, days=3)]
    at = facts[0].occurred_at
    facts += [pageview("/nobody", visitor="", at=at), pageview(tenant="other", at=at), engagement(at=at, visitor=BERT)]
    random.Random(4).shuffle(facts)
    for start in range(0, len(facts), 150):
        await teller.tell(*facts[start : start + 150])
    today, midnight = date(2026, 11, 2), datetime(2026, 11, 2, tzinfo=UTC)
    assert await freshen_all(engine, today) == 3 * 2 + 2
    are, should_be = await both(engine, before=midnight)
    assert are == should_be
    await teller.tell(*traffic(50, seed=5, visitors=12, days=1))
    assert await freshen_all(engine, today) == 3, "late facts of one day touch nothing else"
    are, should_be = await both(engine, before=midnight)
    assert are == should_be


# Few of everything, so that visits meet, split, change hands and lie at the edges of quarter hours and days.
MOMENTS = st.sampled_from([0, 1, 899, 900, 43_200, 45_000, 84_600, 85_500, 86_399, 86_400, 90_000]).map(
    lambda seconds: datetime(2026, 11, 19, tzinfo=UTC) + timedelta(seconds=seconds)
)
FIELDS = st.fixed_dictionaries(
    {
        "at": MOMENTS,
        "visitor": st.sampled_from([ANNA, BERT, ""]),
        "bot": st.sampled_from([None, None, BotRule.CRAWLER]),
        "bot_name": st.sampled_from(["", "Googlebot"]),
        "source": st.sampled_from([Source(), Source(name="Google", referrer="https://google.com", utm_term="x")]),
        "place": st.sampled_from([Place(), Place(country="NO", region="NO-03")]),
        "device": st.sampled_from([Device(), Device(kind=DeviceKind.MOBILE, browser="Firefox", browser_version="143")]),
    }
)
FACTS = st.lists(
    st.one_of(
        st.builds(lambda fields, path: pageview(path, **fields), FIELDS, st.sampled_from(["/", "/a", ""])),
        st.builds(lambda fields, does: event(interactive=does, **fields), FIELDS, st.booleans()),
        st.builds(lambda fields, ms: engagement(ms, **fields), FIELDS, st.integers(0, 90_000)),
    ),
    min_size=1,
    max_size=14,
)
SITES = itertools.count()


@given(first=FACTS, late=FACTS, order=st.randoms(use_true_random=False))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_facts_in_any_order_and_late_ones_end_in_the_same_rollups(
    database_url: str, first: list[WebEvent], late: list[WebEvent], order: random.Random
):
    asyncio.run(_agree(database_url, first, late, order))


async def _agree(database_url: str, first: list[WebEvent], late: list[WebEvent], order: random.Random) -> None:
    engine = open_engine(database_url, schema=(await read_generation(database_url)).schema)
    teller, site = Teller(database_url), f"site-{next(SITES)}.example"
    shuffled = [*first]
    order.shuffle(shuffled)
    for batch in (shuffled[::2], shuffled[1::2], late):
        if batch:
            await teller.tell(*(_of(site, fact) for fact in batch))
            await freshen_all(engine, FAR_AHEAD)
    are, should_be = await both(engine, before=datetime(2027, 1, 1, tzinfo=UTC))
    await teller.close()
    await engine.dispose()
    assert are == should_be


def _of(site: str, fact: Any) -> Any:
    return type(fact)(**{name: getattr(fact, name) for name in fact.__struct_fields__} | {"site": site})


async def test_the_open_day_is_left_and_a_closed_one_is_dirty_from_its_next_fact_on(engine: AsyncEngine, teller: Teller):
    await teller.tell(pageview("/a"), pageview(at=NOON + timedelta(days=1)))
    assert await marks(engine) == Days(site=1, fresh={}, dirty=frozenset({DAY, TODAY}))
    await freshen_all(engine, TODAY)
    assert await marks(engine) == Days(site=1, fresh={DAY: frozenset()}, dirty=frozenset({TODAY}))
    await teller.tell(pageview("/late"))
    assert await marks(engine) == Days(site=1, fresh={}, dirty=frozenset({DAY, TODAY}))
    assert (await marks(engine, "nobody.example")) == Days(site=None, fresh={}, dirty=frozenset())
    assert (await marks(engine, tenant="other")) == Days(site=None, fresh={}, dirty=frozenset())


async def test_a_dimension_with_too_many_values_is_named_and_has_no_row_at_all(engine: AsyncEngine, teller: Teller):
    others = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await teller.tell(*(pageview(f"/{number}", at=NOON, visitor=f"{number + 5:032x}") for number in range(4)))
    await teller.tell(*(pageview(f"/{number}", at=others) for number in range(2)))
    await freshen_all(engine, TODAY, most=3)
    days = await marks(engine)
    too_many = {NUMBERS["page"], NUMBERS["entry_page"], NUMBERS["exit_page"]}
    assert days.fresh == {DAY: frozenset(too_many), others.date(): frozenset()}
    page, country = DIMENSION_NAMED["page"], DIMENSION_NAMED["country"]
    assert [days.has(each, day) for each in (page, country) for day in sorted(days.fresh)] == [True, False, True, True]
    are, should_be = await both(engine, before=TONIGHT)
    for rows in (should_be["visits"], should_be["hits"]):
        for key in [key for key in rows if key[2] == DAY and key[4] in too_many]:
            del rows[key]
    assert are == should_be
    await teller.tell(pageview("/0"))
    await freshen_all(engine, TODAY)
    assert (await marks(engine)).fresh[DAY] == frozenset()


async def test_what_was_computed_by_other_definitions_is_not_fresh(engine: AsyncEngine, teller: Teller):
    await teller.tell(pageview())
    await freshen_all(engine, TODAY)
    assert await mark_other_shapes(engine) == 0
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE site_days SET shape = shape + 1"))
    assert not (await marks(engine)).fresh
    assert await mark_other_shapes(engine) == 1
    assert await freshen_all(engine, TODAY) == 1
    assert (await marks(engine)).fresh


async def test_whoever_is_erased_is_in_no_rollup(engine: AsyncEngine, teller: Teller):
    await teller.tell(
        pageview("/anna"), pageview("/bert", visitor=BERT), pageview(visitor="c3" * 16, at=NOON - timedelta(days=2))
    )
    await freshen_all(engine, TODAY)
    for who, left in ((ANNA, {"/bert"}), (BERT, set())):
        whose = Whose(tenant="main", site="example.org", day=DAY, visitor=bytes.fromhex(who))
        async with engine.begin() as connection:
            for model in MODELS:
                if model.erase is not None:
                    await model.erase(connection, whose)
        assert await freshen_all(engine, TODAY) == 1
        are, should_be = await both(engine, before=TONIGHT)
        assert are == should_be
        assert {key[5] for key in are["hits"] if key[2] == DAY and key[4] == NUMBERS["page"]} == left
    assert await marks(engine) == Days(site=1, fresh={DAY - timedelta(days=2): frozenset()}, dirty=frozenset())


async def test_an_erased_site_leaves_nothing_and_its_neighbour_everything(engine: AsyncEngine, teller: Teller):
    await teller.tell(pageview("/secret", site="doomed.example"), pageview(tenant="other", site="doomed.example"))
    await freshen_all(engine, TODAY)
    async with engine.begin() as connection:
        assert await marking.erase_site(connection, "main", "doomed.example") > len(OF_A_SITE)
        assert await marking.erase_site(connection, "main", "doomed.example") == 0
        for table in OF_A_SITE:
            assert set(await connection.scalars(text(f"SELECT tenant FROM {table.name}"))) == {2}, table.name
        assert set(await connection.scalars(text("SELECT word FROM rollup_words"))).isdisjoint({"/secret"})


def test_every_dimension_that_is_a_column_has_a_number_of_its_own():
    of_columns = [one for one in DIMENSION_NAMED.values() if one.of in {Of.VISIT, Of.HIT} and not one.key]
    assert set(NUMBERS) == {one.name for one in of_columns}
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert all(0 < number < 2**15 for number in NUMBERS.values())


async def test_what_waits_is_told_from_the_oldest_day_on(engine: AsyncEngine, teller: Teller):
    await teller.tell(*(pageview(at=NOON - timedelta(days=ago)) for ago in range(3)))
    async with engine.connect() as connection:
        dirty = await dirty_days(connection, TODAY, most=2)
    assert (dirty.many, [each.day for each in dirty.oldest]) == (3, [DAY - timedelta(days=2), DAY - timedelta(days=1)])
