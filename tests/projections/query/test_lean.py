"""What is asked of the views says the same when it is asked of their tables, with the joins that it needs alone."""

import pytest
from sqlalchemy import Table, func, select, tuple_
from sqlalchemy.dialects import postgresql

from projections.database import open_engine
from projections.query.lean import lean
from projections.read_models.hits import HITS
from projections.read_models.visits import VISITS
from tests.facts import traffic
from tests.projections.query.world import World
from tests.projections.world import read_generation


def sql(statement: object) -> str:
    return str(lean(statement).compile(dialect=postgresql.dialect()))  # type: ignore[arg-type]


@pytest.mark.parametrize("view", [HITS, VISITS], ids=lambda view: str(view.name))
async def test_every_column_says_what_the_view_says(world: World, view: Table):
    await world.tell(*traffic(300, seed=2))
    engine = open_engine(world.database_url, schema=(await read_generation(world.database_url)).schema)
    asked = select(*view.columns).order_by(*view.primary_key.columns)
    async with engine.connect() as connection:
        of_view = (await connection.execute(asked)).all()
        assert (await connection.execute(lean(asked))).all() == of_view
    await engine.dispose()
    assert len(of_view) > 100


def test_no_join_is_written_whose_words_nobody_asks_for():
    assert "JOIN" not in sql(select(func.count(HITS.c.visitor)).where(HITS.c.site_id == 1, HITS.c.page_id == 2))
    one = sql(
        select(VISITS.c.browser, func.count()).where(VISITS.c.site_id == 1, VISITS.c.os == "x").group_by(VISITS.c.browser)
    )
    assert one.count("JOIN") == 1, "both words are of one dictionary"
    both = sql(select(VISITS.c.entry_path, VISITS.c.exit_path, VISITS.c.hostname))
    assert both.count("JOIN") == 3, "three pages are said, each by a number of its own"


def test_names_that_a_statement_gives_stay_apart():
    inner = HITS.alias("contained")
    asked = select(func.count()).where(
        VISITS.c.visitor.in_(select(inner.c.visitor).where(inner.c.path == "/", inner.c.site_id == VISITS.c.site_id))
    )
    written = sql(asked)
    assert "AS contained" in written
    assert written.count("JOIN") == 1


def test_what_names_no_view_is_left_as_it_is():
    asked = select(tuple_(1, 2))
    assert lean(asked) is asked
