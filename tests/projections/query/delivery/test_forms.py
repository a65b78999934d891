"""Any answer comes as JSON, as CSV or as lines of JSON, as the address or the header says."""

import csv
import io
import json
from datetime import timedelta

from tests.facts import BERT, event, pageview
from tests.projections.query.v1.asking import LEAST, post
from tests.projections.query.world import World

MINUTE = timedelta(minutes=1)
ANSWERS = (
    *("/api/stats", "/api/stats/definitions", "/api/stats/tallies", "/api/sites"),
    *(f"/api/stats/example.org/{name}" for name in ("overview", "timeseries", "realtime", "tallies", "breakdown/page")),
)


async def test_every_answer_is_a_table_and_lines(world: World):
    await world.tell(pageview(at=world.now - MINUTE), pageview("/b", at=world.now - MINUTE, visitor=BERT))
    for path in ANSWERS:
        lines = await world.get(path, format="ndjson")
        assert (lines.status_code, lines.headers["content-type"].partition(";")[0]) == (200, "application/x-ndjson"), path
        rows = [json.loads(line) for line in lines.text.splitlines()]
        table = await world.get(path, format="csv")
        assert table.headers["content-type"].partition(";")[0] == "text/csv", path
        assert table.headers["content-disposition"].startswith("attachment; filename="), path
        head, *cells = csv.reader(io.StringIO(table.text))
        assert len(cells) == len(rows), path
        assert all(len(row) == len(head) for row in cells), path
        by_header = await world.client.get(path, headers={"Accept": "application/x-ndjson"})
        assert by_header.text == lines.text, path


async def test_the_numbers_are_those_of_the_answer(world: World):
    await world.tell(pageview(at=world.now - MINUTE), pageview("/b", at=world.now - MINUTE, visitor=BERT))
    answer = await world.ask("overview")
    (line,) = (await world.get("/api/stats/example.org/overview", format="ndjson")).text.splitlines()
    assert json.loads(line) == answer
    table = (await world.get("/api/stats/example.org/overview", format="csv")).text
    (row,) = csv.DictReader(io.StringIO(table))
    assert (row["visitors"], row["previous.visitors"], row["change.visitors"]) == ("2", "0", "")
    points = (await world.get("/api/stats/example.org/timeseries", format="ndjson")).text.splitlines()
    assert [json.loads(point) for point in points] == (await world.ask("timeseries"))["points"]


async def test_a_query_in_json_is_a_table_too_in_which_no_value_is_a_formula(world: World):
    await world.tell(event("=cmd|' /C calc'!A0", at=world.now - MINUTE), event("plain", at=world.now - MINUTE))
    body = {"metrics": ["visitors", "events"], "dimensions": ["event"], "pagination": {"limit": 1}}
    asked = LEAST | body | {"include": {"comparisons": {"mode": "previous_period"}}}
    table = await world.client.post("/api/v1/query?format=csv", json=asked)
    assert table.text.splitlines() == [
        "event,visitors,events,comparison.visitors,comparison.events,change.visitors,change.events",
        "\"'=cmd|' /C calc'!A0\",1,1,0,0,,",
    ]
    assert table.headers["x-collector-more"] == "true"
    lines = await post(world, headers={"Accept": "application/jsonl"}, **body)
    assert json.loads(lines.text) == {"event": "=cmd|' /C calc'!A0", "visitors": 1, "events": 1}
    nothing = await world.client.post("/api/v1/query?format=csv", json=asked | {"filters": [["is", "event", ["no"]]]})
    assert nothing.text == "event,visitors,events\r\n"


async def test_an_answer_without_rows_still_has_a_head(world: World):
    table = await world.get("/api/stats/example.org/breakdown/page", format="csv", limit=5)
    assert table.text.startswith("page,visitors,share")


async def test_a_form_that_there_is_not_is_refused_by_name(doorstep: World):
    for query in ("format=xml", "format=", "format=csv&format=csv", "format=a%00b"):
        for answer in ("overview", "breakdown/page", "realtime"):
            response = await doorstep.client.get(f"/api/stats/example.org/{answer}?{query}")
            assert response.status_code in (400, 503), query
            assert response.status_code == 503 or response.json()["field"] == "format", query
    response = await doorstep.client.post("/api/v1/query?format=xml", json=LEAST)
    assert (response.status_code, response.json()["field"]) == (400, "format")
    response = await doorstep.client.post("/api/v1/query?period=7d", json=LEAST)
    assert response.status_code == 400
