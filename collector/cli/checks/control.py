"""Whether the control plane's events can be read, and what they have made."""

from collections.abc import AsyncIterator

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.control.directory import Directory
from collector.control.follow import Follower
from collector.stream import connection as broker

_SUBJECT = "Control"


async def examine_control(nats_url: str) -> AsyncIterator[Finding]:
    """Read every decision, as an ingest process does when it starts."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            return  # which is said already
        directory = Directory()
        follower = Follower(client, directory)
        await follower.catch_up()
    finally:
        await broker.disconnect(client)
    if not directory.is_ready:
        yield bad(_SUBJECT, "the control events cannot be read now", "See what is said of NATS and of the stream.")
        return
    if problem := follower.problem():
        what, _, advice = problem.partition("; ")
        yield odd(_SUBJECT, what, f"{advice[:1].upper()}{advice[1:]}.")
        return
    things = directory.things
    yield good(_SUBJECT, f"{len(things):,} tenants, sites, names and keys are known")
