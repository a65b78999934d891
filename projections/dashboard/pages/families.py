"""Families: the tabs of a site, which lead to the further pages about its visits and to one for each other family of facts."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.views import Place
from projections.query.caller import Caller
from projections.query.product.report import RUN_EVENTS
from projections.read_models import actions, logs, telemetry, turn_facts
from projections.read_models.dictionaries import SITE_IDS

# What a family's page is called, which is also the end of its address; and the table that has a row of each of its facts.
PAGES: Final[Mapping[str, str]] = {"turns": turn_facts.TABLE.name, "actions": actions.ACTIONS.name, "logs": logs.LOGS.name}
# The further pages about visits, by the end of their address; a site has all of them once it has any visit.
OF_VISITS: Final = ("engagement", "properties", "revenue", "goals", "funnels")
# The page of runs and errors: it is for who counts actions of programs that run.
TELEMETRY: Final = "/minigem/dashboard/"


def visits_tabs(site: str, state: PageState | None = None) -> list[Place]:
    """Return the further pages about the visits of *site*, about the same ones where the page has a *state*."""
    hrefs = {name: state.href(below=name) if state else f"/sites/{quote(site)}/{name}" for name in OF_VISITS}
    return [Place(title=name.capitalize(), href=href) for name, href in hrefs.items()]


async def families_of(connection: AsyncConnection, caller: Caller, site: str) -> list[Place]:
    """Return the pages of the other families of which *site* has facts."""
    asked = {"tenant": caller.tenant, "site": site}
    places = [
        Place(title=name.capitalize(), href=f"/sites/{quote(site)}/{name}")
        for name, table in PAGES.items()
        if await connection.scalar(text(_HAS_FACTS.format(table=table)), asked)
    ]
    if await connection.scalar(_HAS_RUNS, asked | {"what": telemetry.What.EVENT.value, "names": list(RUN_EVENTS)}):
        places.append(Place(title="Telemetry", href=f"{TELEMETRY}?site={quote(site)}"))
    return places


async def tabs_of(connection: AsyncConnection, caller: Caller, site: str, state: PageState | None = None) -> list[Place]:
    """Return every tab of *site*."""
    asked = {"tenant": caller.tenant, "site": site}
    has_visits = await connection.scalar(text(_HAS_FACTS.format(table=SITE_IDS.name)), asked)
    return [*(visits_tabs(site, state) if has_visits else []), *await families_of(connection, caller, site)]


_HAS_FACTS: Final = "SELECT EXISTS (SELECT FROM {table} WHERE tenant = :tenant AND site = :site)"
# Of the counts, which have a row for each name and day.
_HAS_RUNS: Final = text(
    f"SELECT EXISTS (SELECT FROM {telemetry.COUNTS.name} WHERE tenant = :tenant AND site = :site"
    " AND what = :what AND value = ANY(:names))"
)
