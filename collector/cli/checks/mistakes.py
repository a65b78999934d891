"""What the pages and proxies in front of each site do wrong, by the signs that ingest has seen and the facts that there are."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from collector.cli.checks.finding import Finding, odd
from collector.cli.checks.tallies import listed
from collector.cli.clock import utc_now
from collector.settings import Settings
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.query.mistakes import WHAT_TO_DO, Mistake, Seen, by_mistake, mistakes_in
from projections.query.problems import Refused
from projections.query.signs import robots_only, signs_of
from projections.query.tallies import told_until
from projections.query.web.sites import site_names

_SUBJECTS: Final = {
    Mistake.UNNAMED_PROXY: "Proxy",
    Mistake.FEW_ADDRESSES: "Addresses",
    Mistake.NOTHING_SENT: "Pages",
    Mistake.CLOCKS: "Clocks",
    Mistake.ROBOTS_ONLY: "Robots",
}


async def examine_mistakes(settings: Settings, database_url: str) -> AsyncIterator[Finding]:
    """Look at each site of the tenant of the settings; of a database that is away, others have told."""
    caller, now = only_caller(settings.collection.tenant), utc_now()
    engine = open_engine(database_url)
    try:
        async with reading(engine, caller) as connection:
            signs = await signs_of(connection, caller, now, await told_until(connection))
            robots = {site: await robots_only(connection, caller, site) for site in await site_names(connection, caller)}
    except Refused:
        return
    finally:
        await engine.dispose()
    for finding in said_of(mistakes_in(signs, robots)):
        yield finding


def said_of(seen: Iterable[Seen]) -> Iterator[Finding]:
    """Yield one finding for each mistake, which names some of the sites it was seen at."""
    for mistake, sites in by_mistake(seen).items():
        named = listed(f"{one.site} ({one.times})" for one in sites)
        yield odd(_SUBJECTS[mistake], f"{mistake.value}: {named}", WHAT_TO_DO[mistake])
