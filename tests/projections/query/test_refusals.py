"""Bad questions are refused with a problem that names the parameter, quotes nothing, and is never an error of ours."""

from typing import Any

import pytest

from tests.facts import pageview
from tests.projections.query.world import NOW, World

CANARY = "canary-0x51"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"period={CANARY}", "period"),
        ("period=custom", "from"),
        ("period=custom&from=2026-11-01", "to"),
        ("period=custom&from=2026-02-30&to=2026-03-01", "from"),
        ("period=custom&from=20261101&to=2026-11-02", "from"),
        ("period=custom&from=2026-11-02&to=2026-11-01", "to"),
        ("period=custom&from=0001-01-01&to=2026-11-01", "from"),
        ("period=custom&from=2026-11-01&to=9999-12-31", "to"),
        ("period=custom&from=1990-01-01&to=2026-11-01", "to"),
        ("period=today&from=2026-11-01", "from"),
        ("period=today&period=7d", "period"),
        (f"timezone={CANARY}", "timezone"),
        ("timezone=localtime", "timezone"),
        ("timezone=../../etc/passwd", "timezone"),
        ("timezone=europe/oslo", "timezone"),
        (f"who={CANARY}", "who"),
        ("filter=page", "filter"),
        (f"filter={CANARY}:x", "filter"),
        ("filter=visitor:x", "filter"),
        ("filter=", "filter"),
        (f"filter=page:{'x' * 4097}", "filter"),
        ("&".join(f"filter=page:/{n}" for n in range(101)), "filter"),
        ("&".join(f"filter=page:/{n}" for n in range(1000)), "filter"),
        ("&".join(f"filter=page*:/{n}" for n in range(21)), "filter"),
        ("filter=page~:", "filter"),
        ("filter=page!*:", "filter"),
        ("filter=page~!:x", "filter"),
        ("filter=page%25:x", "filter"),
        ("filter=page~^:x", "filter"),
        (f"filter=page*:{'x' * 251}", "filter"),
        (f"filter=page*:{'a*' * 9}", "filter"),
        ("filter=page:%00", "filter"),
        ("timezone=a%0Ab", "timezone"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=%D9%A1", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("interval=minute", "interval"),
        ("interval=hour&period=12mo", "interval"),
        ("metric=money", "metric"),
        (f"{CANARY}=1", ""),
        ("filter=page:%FF", ""),
        ("&".join("filter=page:/" for _ in range(201)), "filter"),
        ("&".join("period=7d" for _ in range(4001)), ""),
        *((f"compare={CANARY}", "compare"), ("compare=custom", "compare_from"), ("compare_to=2026-11-01", "compare_to")),
        ("compare=year&compare_from=2026-11-01", "compare_from"),
        ("compare=custom&compare_from=2026-11-02&compare_to=2026-11-01", "compare_to"),
        ("compare=custom&compare_from=0000-01-01&compare_to=2026-11-01", "compare_from"),
        ("compare=custom&compare_from=2026-11-01&compare_to=9999-12-31", "compare_to"),
        *((f"sort={CANARY}", "sort"), ("sort=share", "sort"), ("order=up", "order"), ("sort=visitors;--", "sort")),
        *(("offset=-1", "offset"), ("offset=10000001", "offset"), ("offset=1e3", "offset"), ("offset=' OR 1=1", "offset")),
        *((f"search={'x' * 201}", "search"), ("search=%00", "search")),
        *(("interval=second", "interval"), ("interval=5minutes&period=30d", "interval"), ("interval=week,day", "interval")),
    ],
)
async def test_a_bad_parameter_is_named_and_not_quoted(doorstep: World, query: str, field: str):
    response = await doorstep.client.get(f"/api/stats/example.org/timeseries?{query}")
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem.get("field", "")) == ("bad_parameter", field)
    assert problem["detail"]
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/stats/a%20site/overview", 404),
        (f"/api/stats/{'x' * 254}/overview", 404),
        ("/api/stats/%27%3B--/overview", 404),
        ("/api/stats/%00/overview", 404),
        ("/api/stats/%ff/overview", 404),
        ("/api/stats/example.org/breakdown/visitor", 404),
        ("/api/stats/example.org/breakdown/page.tsv", 404),
        ("/api/stats/example.org/nothing", 404),
        ("/api/nothing/at/all", 404),
    ],
)
async def test_what_is_not_there_is_a_problem_too(doorstep: World, path: str, status: int):
    response = await doorstep.client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    ["/health", "/statistics", "/example.org", "/sites", "/sites/example.org/page/more", "/v1", "/swagger/index.html"],
)
async def test_an_address_that_is_none_is_a_problem_and_a_page_to_a_browser_alone(doorstep: World, path: str):
    response = await doorstep.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    seen = await doorstep.client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (seen.status_code, seen.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi", "/openapi.json"])
async def test_the_usual_places_of_a_description_lead_to_it(doorstep: World, path: str):
    response = await doorstep.get(path)
    assert (response.status_code, response.headers["location"]) == (303, "/schema/openapi.json")


@pytest.mark.parametrize("path", ["/sites/a%20site", "/sites/a..b", "/sites/%00", "/sites/.x", "/sites/example.org/visitor"])
async def test_what_is_no_site_or_dimension_has_no_page(doorstep: World, path: str):
    assert (await doorstep.get(path)).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_answers_are_only_read(doorstep: World, method: str):
    response = await doorstep.client.request(method, "/api/stats/example.org/overview")
    assert (response.status_code, response.headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/api/stats/example.org/overview", "/api/nothing"])
async def test_head_is_answered_as_get_is(doorstep: World, path: str):
    asked, got = await doorstep.client.head(path), await doorstep.client.get(path)
    assert (asked.status_code, asked.headers["content-type"]) == (got.status_code, got.headers["content-type"])


async def test_a_site_is_found_whatever_the_case_of_its_name(world: World):
    assert (await world.ask("overview", site="Example.ORG"))["site"] == "example.org"


@pytest.mark.parametrize("name", ["straße.example", "STRASSE.example", "xn--strae-oqa.example"])
async def test_a_site_is_found_in_the_letters_of_its_people(world: World, name: str):
    await world.tell(pageview(at=NOW, site="xn--strae-oqa.example"), pageview(at=NOW, site="strasse.example"))
    canonical = "strasse.example" if name.startswith("STRASSE") else "xn--strae-oqa.example"
    answer = await world.ask("overview", site=name)
    assert (answer["site"], answer["pageviews"]) == (canonical, 1)


async def test_an_empty_parameter_is_the_default(world: World):
    assert await world.ask("overview", **{"period": "", "timezone": "", "from": ""}) == await world.ask("overview")


async def test_a_bad_parameter_of_a_page_is_a_page(world: World):
    response = await world.get("/sites/example.org/page", period=CANARY)
    assert (response.status_code, response.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert CANARY not in response.text


async def test_the_schema_describes_the_api_and_every_parameter_of_it(doorstep: World):
    schema: Any = (await doorstep.get("/schema/openapi.json")).json()
    assert set(schema["paths"]) == {
        "/api/sites",
        "/api/stats",
        "/api/stats/definitions",
        "/api/stats/tallies",
        *(
            f"/api/stats/{{site}}/{answer}"
            for answer in ("engagement", "pages", "properties", "revenue", "revenue/{dimension}", "timeseries/revenue")
        ),
        *(
            f"/api/stats/{{site}}/{answer}"
            for answer in ("overview", "timeseries", "realtime", "breakdown/{dimension}", "tallies")
        ),
        *(
            f"/api/stats/{{site}}/{answer}"
            for answer in (
                "goals",
                "goals/{goal}",
                "goals/{goal}/breakdown/{dimension}",
                "funnels",
                "funnels/{funnel}",
                "retention",
            )
        ),
    }
    named = {parameter["name"] for parameter in schema["paths"]["/api/stats/{site}/overview"]["get"]["parameters"]}
    assert {"site", "period", "from", "to", "timezone", "who", "filter", "limit"} <= named
