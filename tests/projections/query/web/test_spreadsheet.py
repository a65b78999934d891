"""A breakdown as CSV is a table, and no value of it is ever a formula."""

import csv
import io
from datetime import timedelta

import pytest

from projections.query.web.spreadsheet import _plain
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


# Nothing that is seen, or what some programs decode to that.
UNSEEN = [
    *"\t\r\n \u00a0\u3000\u2028\u200b\ufeff\u00ad\u2800\u3164\ufe0f",
    *["%0A", "%0d%0A", "%09", "%20", "&nbsp;"],
    "",
    " \u200b\t ",
    " %20\u200b ",
]
# Equals, plus, minus and at; wide, small and raised ones of them; and a bar.
FORMULAS = [*"=+-@|", *"\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207c\u2212"]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_whatever_stands_unseen_before_a_formula_it_is_text(unseen: str):
    texts = [f"{unseen}{begins}1+1" for begins in FORMULAS]
    assert [_plain(text) for text in texts] == [f"'{text}" for text in texts]


def test_what_begins_like_no_formula_is_unchanged():
    names = ["", " padded", "Sign up", "/", "/a=b", "a-b", "1+1", "C++", "e@example.org", "100%", "%E2%82%AC", "'=1", "\u2013"]
    assert [_plain(name) for name in names] == names


async def test_a_number_of_ours_stays_a_number_and_a_semicolon_parts_no_cells(world: World):
    await world.tell(event("a;=1+1", at=NOW))
    response = await world.get("/api/stats/example.org/breakdown/event.csv")
    assert response.text.splitlines()[1].startswith('"a;=1+1",1,100.0,')


async def test_quotes_commas_and_lines_stay_in_their_cell(world: World):
    await world.tell(event('a "quoted", name;\nin two lines', at=NOW))
    assert (await table(world, "event"))[1][0] == 'a "quoted", name;\nin two lines'


async def test_a_caller_may_accept_csv_instead(world: World):
    response = await world.client.get("/api/stats/example.org/breakdown/page", headers={"Accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="example.org-page-2026-11-12-2026-11-18.csv"'
