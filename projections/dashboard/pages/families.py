"""Families: the pages of a site beside that of its visits, one for each family of facts that it has."""

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
# The further pages about visits, by their title and the end of their address.
VISITS_PAGES: Final[Mapping[str, str]] = {"Engagement": "engagement", "Properties": "properties", "Revenue": "revenue"}
# The pages of what people were to reach, which a site has once it has visits.
OF_VISITS: Final = ("goals", "funnels")
# The page of runs and errors: it is for who counts actions of programs that run.
TELEMETRY: Final = "/minigem/dashboard/"


def visits_pages(state: PageState) -> list[Place]:
    """Return the further pages about the same visits."""
    return [Place(title=title, href=state.href(below=below)) for title, below in VISITS_PAGES.items()]


async def all_pages(connection: AsyncConnection, caller: Caller, state: PageState) -> list[Place]:
    """Return every further page of a site, those about visits in the state that this one is in."""
    return [*visits_pages(state), *await families_of(connection, caller, state.site, state)]


async def families_of(connection: AsyncConnection, caller: Caller, site: str, state: PageState | None = None) -> list[Place]:
    """Return the pages of the families of which *site* has facts; those about visits are in *state*, where there is one."""
    asked = {"tenant": caller.tenant, "site": site}
    has_facts = "SELECT EXISTS (SELECT FROM {table} WHERE tenant = :tenant AND site = :site)"
    places = [
        Place(title=name.capitalize(), href=f"/sites/{quote(site)}/{name}")
        for name, table in PAGES.items()
        if await connection.scalar(text(has_facts.format(table=table)), asked)
    ]
    if await connection.scalar(_HAS_RUNS, asked | {"what": telemetry.What.EVENT.value, "names": list(RUN_EVENTS)}):
        places.append(Place(title="Telemetry", href=f"{TELEMETRY}?site={quote(site)}"))
    if await connection.scalar(text(has_facts.format(table=SITE_IDS.name)), asked):
        plain = f"/sites/{quote(site)}"
        hrefs = {name: f"{plain}/{name}" if state is None else state.href(below=name) for name in OF_VISITS}
        places += [Place(title=name.capitalize(), href=href) for name, href in hrefs.items()]
    return places


# Of the counts, which have a row for each name and day.
_HAS_RUNS: Final = text(
    f"SELECT EXISTS (SELECT FROM {telemetry.COUNTS.name} WHERE tenant = :tenant AND site = :site"
    " AND what = :what AND value = ANY(:names))"
)
