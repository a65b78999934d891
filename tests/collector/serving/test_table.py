"""The table of addresses: a request has one owner and one template, and a table that leaves a choice open does not start."""

import pytest

from collector.addresses import AddressClash
from collector.app import addresses
from collector.asgi import Receive, Scope, Send, answer
from collector.cli.query import query_app
from collector.serving.role import claims_of
from collector.serving.table import AddressTable, Dispatch, Owner
from collector.settings import read_settings
from tests.collector.serving.applications import ask

TABLE = AddressTable(
    {
        Owner.INGEST: [
            ("POST", "/api/event"),
            ("POST", "/api/events"),
            ("POST", "/api/events"),
            ("GET", "/js/{rest:path}"),
            ("GET", "/v1/projects/{key}/settings"),
        ],
        Owner.QUERY: [
            ("GET", "/"),
            ("OPTIONS", "/api/events"),
            ("GET", "/api/events"),
            ("GET", "/api/{anything}"),
            ("GET", "/sites/{site}"),
            ("GET", "/api/stats/{site}/overview"),
        ],
    }
)


@pytest.mark.parametrize(
    ("method", "path", "owner", "route"),
    [
        ("GET", "/", "query", "/"),
        ("POST", "/api/event", "ingest", "/api/event"),
        ("POST", "/api/event/", "ingest", "/api/event"),
        ("POST", "/api/events", "ingest", "/api/events"),
        ("GET", "/api/events", "query", "/api/events"),
        ("HEAD", "/api/events", "query", "/api/events"),
        ("OPTIONS", "/api/events", "ingest", "/api/events"),
        ("PUT", "/api/event", "ingest", "/api/event"),
        ("PUT", "/api/anything", "query", "/api/{anything}"),
        ("GET", "/js/c.js", "ingest", "/js/*"),
        ("GET", "/v1/projects/abc/settings", "ingest", "/v1/projects/{key}/settings"),
        ("GET", "/api/stats/shop.example/overview", "query", "/api/stats/{site}/overview"),
        ("GET", "/sites/shop.example", "query", "/sites/{site}"),
        ("GET", "/health", "operator", "/health"),
        ("GET", "/api/stats/a/b/overview", None, "other"),
        ("GET", "/jsx", None, "other"),
        ("GET", "/api/event/s", None, "other"),
        ("POST", "/api/a/event\n", None, "other"),
        ("GET", "/wp-login.php", None, "other"),
    ],
)
def test_a_request_has_one_owner_and_one_of_a_closed_list_of_templates(method, path, owner, route):
    assert TABLE.owner(method, path) == owner
    assert TABLE.route(method, path) == route


@pytest.mark.parametrize("template", ["/api/event", "/metrics"])
def test_two_owners_of_one_request_refuse_to_start(template):
    claims = {Owner.INGEST: [("GET", template)], Owner.QUERY: [("GET", template)]}
    with pytest.raises(AddressClash, match=f"GET {template}"):
        AddressTable(claims)


async def test_ingest_gets_what_is_its_own_and_query_everything_else():
    async def ingest(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, 200, b"ingest", [])

    async def query(_: Scope, __: Receive, send: Send) -> None:
        await answer(send, 200, b"query", [])

    both = Dispatch(TABLE, ingest=ingest, query=query)
    expected = {"/js/c.js": "ingest", "/": "query", "/jsx": "query", "/api/event/s": "query", "/wp-login.php": "query"}
    assert {path: (await ask(both, path)).text for path in expected} == expected


def test_the_products_own_parts_make_a_table():
    asked = query_app(read_settings({"COLLECTOR_DATABASE_URL": "postgresql://nowhere.invalid/x"}))
    table = AddressTable({Owner.INGEST: addresses(), Owner.QUERY: claims_of(asked)})
    assert table.owner("POST", "/api/event") is Owner.INGEST
    assert table.owner("GET", "/js/c.js") is Owner.INGEST
    assert table.owner("GET", "/") is Owner.QUERY
    assert {"/js/{rest}", "/api/event", "/"} <= {table.route(entry.method, entry.template) for entry in table.entries}
