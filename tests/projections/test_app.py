"""The query half as one application: its addresses are a closed list."""

import re

from litestar import Litestar

from projections.app import addresses, create_app
from projections.replies import SYSTEMS
from projections.replies.handlers import handlers_of
from tests.projections.query.world import NOW, NOWHERE

# Asked as a page and by programs.
BOTH = (
    *("engagement", "properties", "revenue", "revenue/{dimension}"),
    *("goals", "goals/{goal}", "funnels", "funnels/{funnel}"),
)


def made() -> Litestar:
    return create_app(
        database_url=NOWHERE, tenant="main", access_token=None, public_url="http://localhost:8000", clock=lambda: NOW
    )


def test_its_addresses_are_its_own_rooms():
    templates = {template for _, template in addresses(made())}
    assert templates == {
        *("/", "/sites/{site}", "/sites/{site}/{dimension}", "/sites/{site}/actions", "/login", "/logout", "/join", "/you"),
        *("/added", "/sites/{site}/settings", "/keys", "/members", "/tenants", "/tenants/look", "/minigem/dashboard"),
        *("/assets/{name}", "/favicon.ico", "/robots.txt", "/schema", "/schema/{path}", "/schema/openapi.json"),
        *("/docs", "/redoc", "/openapi", "/openapi.json"),
        *("/api/sites", "/api/stats", "/api/stats/definitions", "/api/stats/tallies"),
        *(f"/api/stats/{{site}}/{answer}" for answer in ("overview", "timeseries", "realtime", "tallies")),
        *("/api/stats/{site}/breakdown/{dimension}", "/api/stats/{site}/facts", "/api/v1/query", "/api/v2/query"),
        *(re.sub(r":[a-z]+}", "}", path) for handler in handlers_of(SYSTEMS) for path in handler.paths),
        *("/sites/{site}/logs", "/sites/{site}/turns", "/sites/{site}/ledger", "/sites/{site}/about/{metric}"),
        *(f"{root}/{answer}" for root in ("/sites/{site}", "/api/stats/{site}") for answer in BOTH),
        *("/ledger", "/api/stats/ledger", "/api/stats/{site}/ledger", "/api/stats/{site}/retention", "/api/stats/{site}/pages"),
        *("/api/stats/{site}/goals/{goal}/breakdown/{dimension}", "/api/stats/{site}/timeseries/revenue"),
        *(
            f"{mount}/api/v1/{path}"
            for mount in ("", "/change66")
            for path in ("status", "metrics", "logs/recent", "logs/filter")
        ),
        *(f"/change66/{path}" for path in ("health", "readiness", "liveness")),
        *("/health/db", "/health/detailed", *(f"/bilan/{path}" for path in ("health", "health/db", "health/detailed"))),
    }


def test_what_answers_get_answers_head():
    listed = addresses(made())
    assert {template for method, template in listed if method == "GET"} == {
        template for method, template in listed if method == "HEAD"
    }
    assert ("POST", "/login") in listed
    assert len(listed) == len(set(listed))
