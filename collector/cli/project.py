"""`collector project`: the projector role, which needs NATS and Postgres."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping

import click

from collector.asgi import Receive, Scope, Send, answer
from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, projector_options, role_settings
from collector.local.endpoints import database_url_for_role, nats_url_for_role
from collector.readiness import Note
from collector.serving.listening import listen
from collector.serving.role import operated, run_role
from collector.serving.server import serve_until_told
from collector.serving.table import AddressTable
from collector.settings import ProjectorSettings
from projections.control.keeper import ControlKeeper
from projections.database import POSTGRES_ERRORS
from projections.forwarding.sink import Sink
from projections.projections import WEB
from projections.projector.garbage import look_less
from projections.projector.halt import Halted
from projections.projector.projectors import Projectors
from projections.projector.stopping import finish_within
from projections.stream import StreamUnavailable
from projections.tallies.keeper import Keeper

HALTED = 3
# Long enough for a scrape to see why; then whoever supervises us may try again, for a backfill mends it.
HALT_NOTICE_SECONDS = 20.0
# What cannot be read so soon is read beside the projectors.
FIRST_READ_SECONDS = 2.0


@click.command(
    "project", epilog=examples("COLLECTOR_NATS_URL=nats://nats:4222 COLLECTOR_DATABASE_URL=postgresql://... collector project")
)
@projector_options
@data_option
def command(port: int | None, **options: str) -> None:
    """Run the projector: it folds the event streams into the tables that the dashboard reads.

    With COLLECTOR_FORWARD_URL it sends every page view and event on, in Flowcore's form, from a position of its own.
    Its own port has /metrics and health and nothing else. A second projector for the same
    partition stands by until the first is gone. A projection for which going on would give wrong numbers stops: the log and
    /readyz say why and what to do, and the others go on. When none is left it exits with 3.
    """
    settings = role_settings(ProjectorSettings, projector_port=port, **options)
    try:
        run_role(settings.log, project(settings))
    except* Halted:
        sys.exit(HALTED)


async def project(settings: ProjectorSettings) -> None:
    """Project until told to stop; leave with the projector's own exception when there is nothing left to project."""
    with listen(settings.http.host, settings.http.projector_port) as bound:
        projectors = Projectors(
            nats_url=nats_url_for_role(settings.nats, settings.local),
            database_url=database_url_for_role(settings.postgres, settings.local),
            partition=settings.stream.partition,
            partitions=settings.stream.partitions,
        )
        keeper = Keeper(
            nats_url=nats_url_for_role(settings.nats, settings.local),
            database_url=database_url_for_role(settings.postgres, settings.local),
        )
        decisions = ControlKeeper(
            nats_url=nats_url_for_role(settings.nats, settings.local),
            database_url=database_url_for_role(settings.postgres, settings.local),
        )
        async with projectors, keeper, decisions, contextlib.AsyncExitStack() as resources:
            sink = await resources.enter_async_context(sink_of(settings)) if settings.forwarding.url else None

            async def checks() -> Mapping[str, str]:
                return {**projectors.checks(), "control": decisions.trouble, **_of_sink(sink)}

            app = operated(_nothing_here, AddressTable({}), settings.http, role="projector", checks=checks)
            stop, has_begun = asyncio.Event(), asyncio.Event()

            def begin_drain() -> None:
                app.begin_drain()
                stop.set()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_run_and_tell(projectors, has_begun, stop), name="projectors")
                tasks.create_task(keeper.run(stop, clock=utc_now), name="tallies")
                tasks.create_task(_keep(decisions, has_begun, stop), name="decisions")
                if sink is not None:
                    tasks.create_task(sink.run(stop), name="sink")
                tasks.create_task(serve_until_told(app, bound, begin_drain=begin_drain), name="operations")


def sink_of(settings: ProjectorSettings) -> Sink:
    """Return the sink that forwards this projector's partition of the web family."""
    partitions = settings.stream.partitions
    return Sink(
        settings.forwarding.url or "",
        settings.forwarding.secret or "",
        WEB.streams(partitions)[settings.stream.partition],
        nats_url=nats_url_for_role(settings.nats, settings.local),
        database_url=database_url_for_role(settings.postgres, settings.local),
        partition=settings.stream.partition,
    )


def _of_sink(sink: Sink | None) -> Mapping[str, str]:
    # No reason to send no work here: everything but the sink goes on.
    return {} if sink is None else {"sink": Note(sink.trouble)}


async def _keep(decisions: ControlKeeper, has_begun: asyncio.Event, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError, StreamUnavailable, *POSTGRES_ERRORS):
        async with asyncio.timeout(FIRST_READ_SECONDS):
            await finish_within(0, stop, decisions.catch_up())
    has_begun.set()
    await decisions.run(stop)


async def _run_and_tell(projectors: Projectors, has_begun: asyncio.Event, stop: asyncio.Event) -> None:
    # First what was erased, so that no fact of a site that is there again is taken for one of before.
    await has_begun.wait()
    look_less()
    try:
        await projectors.run(stop, clock=utc_now)
    except Halted:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), HALT_NOTICE_SECONDS)
        raise


async def _nothing_here(_: Scope, __: Receive, send: Send) -> None:
    await answer(send, 404, b"", [])
