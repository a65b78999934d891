"""A bad query is refused with the path of the field that is wrong, quotes nothing, and is never an error of ours."""

from typing import Any

import pytest

from tests.facts import pageview
from tests.projections.query.v1.asking import ADDRESS, LEAST, post
from tests.projections.query.world import NOW, World

CANARY = "canary-0x51"
SQL = "'; DROP TABLE hits; --"
NOT_TEXT: tuple[Any, ...] = (1, 1.5, None, True, {}, [1], [[]])


def nested(levels: int) -> list[Any]:
    node: list[Any] = ["is", "event:page", ["/"]]
    for _ in range(levels):
        node = ["not", node]
    return node


WRONG: list[tuple[dict[str, Any], str]] = [
    *(({"site_id": value}, "site_id") for value in NOT_TEXT),
    *(({"metrics": value}, "metrics") for value in (None, 1, "visitors", {}, [], ["visitors"] * 21)),
    *(({"metrics": [value]}, "metrics[0]") for value in (CANARY, SQL, "", "Visitors", 1, None, [])),
    ({"metrics": ["visitors", "visitors"]}, "metrics[1]"),
    ({"metrics": ["percentage"]}, "metrics[0]"),
    ({"metrics": ["percentage"], "dimensions": ["time:day"]}, "metrics[0]"),
    ({"metrics": ["visitors", "pageviews"], "dimensions": ["event"]}, "metrics[1]"),
    *(({"date_range": value}, "date_range") for value in (CANARY, SQL, "", "8d", 7, None, {}, [], ["2026-11-01"], ["a"] * 3)),
    *(
        ({"date_range": [day, "2026-11-02"]}, "date_range[0]")
        for day in (
            CANARY,
            SQL,
            "",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "2026-02-30",
            "20261101",
            "2026-W45-1",
            "٢٠٢٦-11-01",
        )
    ),
    ({"date_range": ["2026-11-02", "2026-11-01"]}, "date_range[1]"),
    ({"date_range": ["2026-11-01", "9999-12-31"]}, "date_range[1]"),
    ({"date_range": ["2026-11-01", 5]}, "date_range[1]"),
    *(
        ({"date_range": [moment, "2026-11-02T00:00:00Z"]}, "date_range[0]")
        for moment in (
            *("2026-11-01T00:00:00", "2026-11-01T00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
            *("2026-11-01T25:00:00Z", "2026-11-01T00:00:00+99:99", f"2026-11-01T00:00:00Z{SQL}", "2026-11-01"),
        )
    ),
    ({"date_range": ["2026-11-02T00:00:01Z", "2026-11-02T00:00:00Z"]}, "date_range[1]"),
    *(({"dimensions": value}, "dimensions") for value in (None, "event:page", {}, ["event:page"] * 5)),
    *(
        ({"dimensions": [value]}, "dimensions[0]")
        for value in (CANARY, SQL, "", "visit:page", "event:source", "page:", "visitor", "time:year", 3, "event:visit:source")
    ),
    ({"dimensions": ["page", "event:page"]}, "dimensions[1]"),
    ({"dimensions": ["time:day", "time:hour"]}, "dimensions"),
    ({"dimensions": ["time:minute"]}, "dimensions[0]"),
    ({"dimensions": ["event:page", "time:hour"], "date_range": ["1970-01-01", "2199-12-31"]}, "dimensions[1]"),
    *(({"filters": value}, "filters") for value in (None, "x", {}, 1, [nested(0)] * 21)),
    *(({"filters": [nested(0), value]}, "filters[1]") for value in (None, "x", {}, [], [1], [[]], ["is"], ["is"] * 5, ["and"])),
    *(
        ({"filters": [[value, "event:page", ["/"]]]}, "filters[0].operator")
        for value in (CANARY, SQL, "", "IS", "matches", "like")
    ),
    *(
        ({"filters": [["is", value, ["/"]]]}, "filters[0].dimension")
        for value in (CANARY, SQL, "", "time:day", "day", None, 1, [])
    ),
    *(
        ({"filters": [["is", "event:page", value]]}, "filters[0].values")
        for value in ("/", [], None, [1], [None], [["/"]], {}, ["/"] * 201, ["x" * 4097])
    ),
    ({"filters": [["is", "event:page", [f"/{number}" for number in range(1000)]]]}, "filters[0].values"),
    ({"filters": [["is", "event:page", ["a\0b"]]]}, "filters[0][2][0]"),
    *(
        ({"filters": [["is", "event:page", ["/"], value]]}, "filters[0].modifiers")
        for value in (None, [], {"case_sensitive": 1}, {CANARY: True})
    ),
    ({"filters": [["or", []]]}, "filters[0][1]"),
    ({"filters": [["or", [nested(0), [SQL]]]]}, "filters[0][1][1].operator"),
    ({"filters": [["not", ["is", CANARY, ["/"]]]]}, "filters[0][1].dimension"),
    ({"filters": [nested(6)]}, "filters[0][1][1][1][1][1]"),
    *(({"order_by": value}, "order_by") for value in ("visitors", {}, 1)),
    *(({"order_by": [value]}, "order_by[0]") for value in ("visitors", [], ["visitors"], ["visitors", "asc", "x"])),
    *(({"order_by": [[value, "asc"]]}, "order_by[0][0]") for value in (CANARY, SQL, "pageviews", "event:page", 1)),
    *(({"order_by": [["visitors", value]]}, "order_by[0][1]") for value in (CANARY, SQL, "", "ASC", 1)),
    *(({"include": value}, "include") for value in (None, [], 1, {CANARY: True})),
    *(({"include": {name: 1}}, f"include.{name}") for name in ("imports", "time_labels", "total_rows", "comparisons")),
    ({"include": {"time_labels": True}}, "include.time_labels"),
    ({"include": {"comparisons": {}}}, "include.comparisons.mode"),
    ({"include": {"comparisons": {"mode": CANARY}}}, "include.comparisons.mode"),
    ({"include": {"comparisons": {"mode": "custom"}}}, "include.comparisons.date_range"),
    ({"include": {"comparisons": {"mode": "previous_period", CANARY: 1}}}, "include.comparisons"),
    (
        {"include": {"comparisons": {"mode": "custom", "date_range": ["2026-11-01", CANARY]}}},
        "include.comparisons.date_range[1]",
    ),
    *(({"pagination": value}, "pagination") for value in (None, [], {CANARY: 1})),
    *(({"pagination": {"limit": value}}, "pagination.limit") for value in (0, -1, 10_001, 1.5, "5", None, 10**30)),
    *(({"pagination": {"offset": value}}, "pagination.offset") for value in (-1, 10_000_001, 1.5, "5", None, 10**30)),
    *(({"timezone": value}, "timezone") for value in (CANARY, SQL, "localtime", "europe/oslo", "../../etc/passwd", 1)),
    *(({"who": value}, "who") for value in (CANARY, SQL, "", 1, None)),
    ({CANARY: 1}, ""),
    ({"x` - at `$.127.0.0.1": 1}, ""),
]


async def test_a_wrong_field_is_named_by_its_path_and_not_quoted(doorstep: World):
    for body, field in WRONG:
        response = await post(doorstep, **body)
        assert response.status_code == 400, (body, response.text)
        problem = response.json()
        assert (problem["code"], problem.get("field", "")) == ("bad_parameter", field), (body, problem)
        assert problem["detail"].endswith(".")
        assert not any(quoted in response.text for quoted in (CANARY, "DROP", "127.0.0.1", "passwd")), body


@pytest.mark.parametrize("missing", list(LEAST))
async def test_what_every_query_has_is_missed_by_name(doorstep: World, missing: str):
    body = {name: value for name, value in LEAST.items() if name != missing}
    response = await doorstep.client.post(ADDRESS, json=body)
    assert (response.status_code, response.json()["field"]) == (400, missing)


async def test_what_is_no_query_at_all_is_refused_in_words(doorstep: World):
    deep = b"[" * 100_000
    for body in (
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"a":',
        deep,
        b'{"filters":' + deep,
        b'{"site_id": "\\ud800"}',
        b"\0",
    ):
        response = await doorstep.client.post(ADDRESS, content=body)
        assert (response.status_code, response.json()["code"]) == (400, "bad_parameter"), (body[:20], response.text)


async def test_a_huge_body_is_not_read(doorstep: World):
    response = await doorstep.client.post(ADDRESS, content=b" " * 300_000)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_name_that_is_no_site_is_404(world: World):
    await world.tell(pageview(at=NOW))
    for name in ("nobodys.example", SQL, "..", "", "a" * 300, CANARY):
        response = await post(world, site_id=name)
        assert response.status_code == 404, (name, response.text)
        assert not any(quoted in response.text for quoted in (CANARY, "DROP", "nobodys"))


async def test_while_there_is_no_database_it_is_503(doorstep: World):
    response = await post(doorstep)
    assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
