"""Whether the control plane's events can be read, and what they have made."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.control.directory import Directory
from collector.control.follow import Follower
from collector.control.listed_sites import Differs, Look, Why, differences
from collector.settings import Collection, Mode, Settings
from collector.stream import connection as broker

_SUBJECT = "Control"
_ADVICE: Final = {
    Why.TENANT_ARCHIVED: "If it shall take again: collector tenants restore.",
    Why.ARCHIVED: "If it shall take again: collector sites restore.",
    Why.ERASED: "If it shall begin anew: collector sites add, once it is erased.",
    Why.UNNAMED: "If a site shall go by it: collector sites name.",
}


async def examine_control(settings: Settings, nats_url: str) -> AsyncIterator[Finding]:
    """Read every decision, as an ingest process does when it starts, and compare the settings with them."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            return  # which is said already
        directory = Directory()
        follower = Follower(client, directory)
        await follower.catch_up()
    finally:
        await broker.disconnect(client)
    if follower.loss:
        what, _, advice = follower.loss.partition("; ")
        yield bad(_SUBJECT, what, f"{advice[:1].upper()}{advice[1:]}.")
        return
    if not directory.is_ready:
        yield bad(_SUBJECT, "the control events cannot be read now", "See what is said of NATS and of the stream.")
        return
    if problem := follower.problem():
        what, _, advice = problem.partition("; ")
        yield odd(_SUBJECT, what, f"{advice[:1].upper()}{advice[1:]}.")
        return
    things = directory.things
    yield good(_SUBJECT, f"{len(things):,} tenants, sites, names and keys are known")
    for finding in differing(settings.collection, things.thing):
        yield finding


def differing(collection: Collection, look: Look) -> Iterator[Finding]:
    """Yield what COLLECTOR_SITES names and was decided about otherwise: what was decided counts."""
    if collection.mode is not Mode.PRODUCTION:
        return
    for why, names in _by_reason(differences(look, collection.tenant, collection.sites)).items():
        yield odd(
            _SUBJECT,
            f"COLLECTOR_SITES names {', '.join(names)}, which is not collected for: {why}",
            f"{_ADVICE[why]} Or take the name out of COLLECTOR_SITES.",
        )


def _by_reason(differs: Iterable[Differs]) -> dict[Why, list[str]]:
    found: dict[Why, list[str]] = {}
    for each in differs:
        found.setdefault(each.why, []).append(each.name)
    return found
