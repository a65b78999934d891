"""Questions that no page of ours would ask: the API answers, or refuses in the shape it promises, and never breaks."""

from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from tests.hostile.conftest import Target
from tests.hostile.wire import SITE, get, post, request, say

EXAMPLES = 25
BOUNDED = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
# A site that has facts, so that a question gets as far as the database.
KNOWN = {"site": SITE, "dimension": "page"}
PLAIN = ("", "/definitions", "/tallies", "/ledger", "/api/sites")
# Asked with what is wrong in every way by tests of their own.
ELSEWHERE = (
    *("/api/v1/query", "/api/v2/query", "/{site}/facts", "/{site}/ledger"),
    *("/{site}/goals", "/{site}/goals/{goal}", "/{site}/goals/{goal}/breakdown/{dimension}"),
    *("/{site}/funnels", "/{site}/funnels/{funnel}", "/{site}/retention"),
    *("/{site}/engagement", "/{site}/pages", "/{site}/properties"),
    *("/{site}/revenue", "/{site}/revenue/{dimension}", "/{site}/timeseries/revenue"),
)
OPEN = ("/{site}/overview", "/{site}/timeseries", "/{site}/realtime", "/{site}/breakdown/{dimension}", "/{site}/tallies")


@pytest.fixture(scope="session")
def operations(target: Target) -> dict[str, APIOperation]:
    """The API as it describes itself."""
    post(target.port, {"domain": SITE, "pathname": "/asked"})
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{target.port}/schema/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.path.removeprefix("/api/stats"): operation for operation in found}


def test_every_operation_is_asked(operations: dict[str, APIOperation]):
    assert set(operations) == {*PLAIN, *OPEN, *ELSEWHERE}


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("parameters", [None, KNOWN], ids=["any site", "a known site"])
@pytest.mark.parametrize("path", OPEN)
def test_no_question_is_a_defect(operations: dict[str, APIOperation], path: str, parameters: dict | None, mode: GenerationMode):
    wanted = {name: value for name, value in (parameters or {}).items() if f"{{{name}}}" in path}

    @BOUNDED
    @given(case=operations[path].as_strategy(mode, path_parameters=wanted or None))
    def ask(case: Case) -> None:
        answer = case.call()
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] in ("application/problem+json", "text/html; charset=utf-8")

    ask()


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 4000,
        "limit=1e3",
        "limit=+5",
        "limit=%D9%A5",
        "filter=" + quote("page:" + "%_\\" * 60),
        "&".join(["filter=page:/"] * 8),
        "&".join(f"filter=page:/{number}" for number in range(9)),
        "period=custom&from=1970-01-01&to=2199-12-31",
        "period=custom&from=0000-00-00&to=9999-99-99",
        "period=custom&from=2024-02-30&to=2024-03-01",
        "period=custom&from=2024-01-01&to=2034-01-07&interval=hour",
        "timezone=../../etc/passwd",
        "timezone=" + "A" * 20_000,
        "filter=page:" + "%F0%9F%98%80" * 200,
        "filter=page:%ED%A0%80",
        "filter=" + quote("page:' OR 1=1; DROP TABLE hits; --"),
        "filter=" + quote("event:" + "(a+)+$" * 30),
        "period=7d&" + "x=1&" * 500,
        "period[]=7d",
        "%00=1",
        "=",
        "&&&&",
    ],
)
def test_what_is_out_of_bounds_is_refused_or_answered_with_nothing(target: Target, query: str):
    for path in (f"/api/stats/{SITE}/overview", f"/api/stats/{SITE}/breakdown/page", f"/sites/{SITE}"):
        answer = get(target.port, f"{path}?{query}")
        assert answer.status in (200, 400), (path, answer.body)


def test_no_path_leads_out_of_the_house(target: Target):
    for path in (
        "/assets/../pyproject.toml",
        "/assets/%2e%2e%2fapp.py",
        "/js/..%2f..%2fetc/passwd",
        "/assets/..\\app.py",
        "//etc/passwd",
    ):
        assert get(target.port, path).status in (400, 404), path


def test_a_form_is_no_way_around_the_door(target: Target):
    body = b"token=" + b"a" * 100 + b"&next=//evil.example"
    (answer,) = say(
        target.port, request("POST", "/login", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", body=body)
    )
    assert answer.status == 403
    (answer,) = say(target.port, request("POST", "/login", body=body))
    assert answer.headers.get("location", "/") == "/"
