"""Every panel of Grafana's dashboards asks what Collector's tables and metrics answer, as a role that sees one tenant alone."""

import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
import yaml
from prometheus_client import REGISTRY
from sqlalchemy import make_url

from collector.local.postgres import PostgresServer
from collector.serving import measure
from contracts.events import LogKind, Priority
from projections import metrics
from projections.projections import LOGS
from tests.collector.dialects.test_change66 import BATCH, LINE, ONE, Server, server  # noqa: F401  # a fixture by its name
from tests.conftest import run_sql
from tests.projections.log_lines import SITE, line
from tests.projections.world import Teller, utc_now

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Whose series other processes show.
OTHERS = (measure, metrics)
GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
ANALYTICS, SERVER = (
    json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text()) for name in ("analytics-overview", "server-metrics")
)
_TIME = re.compile(r"\$__timeFilter\((\w+)\)")
_SELECTOR = re.compile(r"\b((?:collector_\w+|logs_ingested_total|batch_size_bucket|validation_errors_total))(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|=)"([^"]*)"')


def queries(dashboard: dict[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """Yield each panel's title and query in a dashboard, one for each target."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if kind in target:
                yield f"{panel['title']} {target['refId']}", target[kind]


SQL, PROMQL = list(queries(ANALYTICS, "rawSql")), [*queries(ANALYTICS, "expr"), *queries(SERVER, "expr")]


class Grafana:
    """A session as Grafana has one, and what it puts in place of the dashboard's variables."""

    def __init__(self, session: asyncpg.Connection) -> None:
        self._session = session

    async def ask(self, query: str) -> list[asyncpg.Record]:
        generation, site = (variable["query"] for variable in ANALYTICS["templating"]["list"])
        schema = await self._session.fetchval(generation)
        sites = await self._session.fetch(site.replace("${generation}", schema))
        return await self.ask_of(query, schema, [row["site"] for row in sites])

    async def ask_of(self, query: str, schema: str, sites: list[str]) -> list[asyncpg.Record]:
        listed = ",".join(f"'{site}'" for site in sites)
        said = query.replace("${generation}", schema).replace("${site:sqlstring}", listed)
        return await self._session.fetch(_TIME.sub(r"\1 BETWEEN now() - interval '1 day' AND now()", said))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def grafana(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[Grafana]:
    database, role, password = (f"test_{secrets.token_hex(6)}" for _ in range(3))
    await run_sql(session_postgres.url, f"CREATE DATABASE {database} TEMPLATE {empty_tables}")
    url = session_postgres.url_of(database)
    script = (GRAFANA / "reader.sql").read_text().replace("grafana", role)
    for statement in script.replace(":'password'", f"'{password}'").replace(":'tenant'", "'main'").split(";"):
        if statement.strip():
            await run_sql(url, statement)
    teller = Teller(url, LOGS)
    await teller.tell(*told())
    await teller.close()
    session = await asyncpg.connect(make_url(url).set(username=role, password=password).render_as_string(hide_password=False))
    yield Grafana(session)
    await session.close()
    await run_sql(session_postgres.url, f"DROP DATABASE {database} WITH (FORCE)")
    await run_sql(session_postgres.url, f"DROP ROLE {role}")


def told() -> list[Any]:
    """Return four lines of lately, one of long ago, and one of somebody else's."""
    now = utc_now()
    metric = {"metric_name": "startup", "value": 2.5, "unit": "seconds", "tags.provider": "nfc_notifier"}
    lately = [
        line(
            "opened" if number else "crashed",
            at=now - timedelta(seconds=number + 1),
            kind=LogKind.BEHAVIORAL if number else LogKind.ERROR,
            priority=Priority.NORMAL if number else Priority.HIGH,
            subject=f"{number % 2:032}",
            session=f"{number % 3:032}",
            app_version="2.0.0",
            provider="" if number else "nfc_notifier",
            props={} if number else metric,
        )
        for number in range(4)
    ]
    return [*lately, line("old", at=now - timedelta(days=40)), line("theirs", tenant="rival", site=SITE, at=now)]


@pytest.mark.parametrize(("title", "query"), SQL, ids=[title for title, _ in SQL])
async def test_a_panels_question_is_answered(grafana: Grafana, title: str, query: str):
    assert title
    rows = await grafana.ask(query)
    assert rows, "the panel would stay empty"
    assert all(value is not None for row in rows for value in row.values())


async def test_the_panels_agree_with_a_hand_count_of_ones_own_tenant(grafana: Grafana):
    asked = {title: [tuple(row.values()) for row in await grafana.ask(query)] for title, query in SQL}
    assert asked["Total Logs A"] == [(5,)]
    assert asked["Logs Last Hour A"] == [(4,)]
    assert asked["Active Users (Last Hour) A"] == [(2,)]
    assert asked["Active Sessions A"] == [(3,)]
    assert asked["Event Types Distribution (Last 24h) A"] == [("behavioral", 3), ("error", 1)]
    assert asked["Priority Distribution (Last 24h) A"] == [("normal", 3), ("high", 1)]
    assert asked["Top Event Names (Last 24h) A"] == [("opened", 3), ("crashed", 1)]
    assert asked["App Versions (Last 24h) A"] == [("2.0.0", 4)]
    assert asked["Provider Distribution (Last 24h) A"] == [("nfc_notifier", 1)]
    assert asked["Provider Metrics (Recent) A"] == [("nfc_notifier", "startup", "2.5", "seconds")]
    assert sum(row[2] for row in asked["System Activity Overview (Logs, Sessions, Users, Providers) A"]) == 4
    assert ("High Priority Logs", 1, "logs") in asked["Real-Time System Metrics A"]


@pytest.mark.parametrize(("title", "query"), SQL, ids=[title for title, _ in SQL])
async def test_before_the_first_line_there_is_no_site_to_choose_and_a_panel_is_empty(grafana: Grafana, title: str, query: str):
    assert title
    rows = await grafana.ask_of(query, "logs_g1", [])
    assert not any(value for row in rows for value in row.values() if not isinstance(value, str))


async def test_a_panel_may_write_nothing(grafana: Grafana):
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        await grafana.ask("DELETE FROM ${generation}.logs")


async def test_every_series_that_a_panel_asks_for_is_there_once_lines_came(server: Server):  # noqa: F811  # the fixture
    answers = [
        await server.post(ONE, LINE | {"event_id": "a panel's"}),
        await server.post(BATCH, {"logs": [LINE | {"event_id": "a panel's too"}]}),
        await server.post(ONE, {}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 400]
    assert isinstance(answers[0], httpx.Response)
    import collector.serving.measure  # noqa: F401, PLC0415

    shown = {sample.name: set(sample.labels) for family in REGISTRY.collect() for sample in family.samples}
    described = set(shown) | set(REGISTRY._names_to_collectors)
    for title, expression in PROMQL:
        for name, matchers in _SELECTOR.findall(expression):
            assert name in described, (title, name)
            assert name in shown or name.startswith("collector_"), (title, name)
            assert {label for label, _, _ in _MATCHER.findall(matchers)} <= shown.get(name, {"route", "status", "projection"})


async def test_a_dashboard_asks_the_sources_that_are_provisioned():
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "collector.yml").read_text())
    known = {source["uid"] for source in provisioned["datasources"]}
    for dashboard in (ANALYTICS, SERVER):
        used = {target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel["targets"]}
        assert used <= known
