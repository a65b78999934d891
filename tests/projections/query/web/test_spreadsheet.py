"""A breakdown as CSV is a table, and no value of it is ever a formula."""

import csv
import io
from datetime import timedelta

import pytest

from tests.facts import event, pageview
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)


async def table(world: World, dimension: str) -> list[list[str]]:
    response = await world.get(f"/api/stats/example.org/breakdown/{dimension}.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.text)))


async def test_the_first_line_names_the_columns(world: World):
    await world.tell(pageview("/", at=NOW - MINUTE), pageview("/", at=NOW))
    assert await table(world, "page") == [["page", "visitors", "share", "pageviews"], ["/", "1", "100.0", "2"]]
    assert (await table(world, "source"))[0] == ["source", "visitors", "share", "visits", "bounce_rate", "visit_duration"]


async def test_without_rows_there_is_still_a_header(world: World):
    assert (await table(world, "event"))[0][:2] == ["event", "visitors"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://evil.example")', "=cmd|' /C calc'!A0"])
async def test_what_begins_like_a_formula_is_text(world: World, name: str):
    await world.tell(event(name, at=NOW))
    assert (await table(world, "event"))[1][0] == f"'{name}"


async def test_quotes_commas_and_lines_stay_in_their_cell(world: World):
    await world.tell(event('a "quoted", name;\nin two lines', at=NOW))
    assert (await table(world, "event"))[1][0] == 'a "quoted", name;\nin two lines'


async def test_a_caller_may_accept_csv_instead(world: World):
    response = await world.client.get("/api/stats/example.org/breakdown/page", headers={"Accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="example.org-page-2026-11-12-2026-11-18.csv"'
