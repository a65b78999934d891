"""`collector stream`: events, live, in a terminal."""

import asyncio
import contextlib
import re
from datetime import datetime, timedelta
from typing import Any

import click
from msgspec import Struct

from collector.cli.clock import utc_now
from collector.cli.forwarding import endpoint_at, forward_option
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.tail import tail
from contracts.codec import CODEC, VERSIONED, type_of
from contracts.events import CATALOGUE, EngagementMeasured, EventRecorded, Fact, WebFact
from contracts.streams import FAMILIES, EventStream, stream_for, streams_of, subject_of, subjects_of_tenant
from projections.forwarding.endpoint import Endpoint, EndpointAway, Verdict
from projections.forwarding.form import delivery_of

TYPES = tuple(name["name"] for event in CATALOGUE if (name := VERSIONED.match(type_of(event))) is not None)
_AWAY_SECONDS = 2.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Ago(click.ParamType[timedelta]):
    """A span of time such as 15m."""

    name = "15m"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the span."""
        if isinstance(value, timedelta):
            return value
        named = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if named is None:
            self.fail("write a number and s, m, h or d, such as 15m", param, ctx)
        return timedelta(seconds=int(named[1]) * _UNITS[named[2]])


@click.command(
    "stream",
    epilog=examples(
        "collector stream",
        "collector stream --site shop.example --type event_recorded --since 1h",
        "collector stream --json | jq .page.path",
    ),
)
@data_option
@click.option("--site", default="", metavar="NAME", help="Only the events of this site.")
@click.option("--tenant", default="", metavar="NAME", help="The events of this tenant [COLLECTOR_TENANT].")
@click.option("--type", "type_", type=click.Choice(TYPES), help="Only events of this type.")
@click.option("--since", type=Ago(), help="Begin that long ago instead of now.")
@forward_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, exactly as it is stored.")
def command(
    *,
    site: str,
    tenant: str,
    type_: str | None,
    since: timedelta | None,
    forward_url: str,
    as_json: bool,
    **options: str,
) -> None:
    """Watch a tenant's events as they are stored, until Ctrl-C.

    There is nobody in them: no address, no user agent, no name. Colours are left out in a pipe. With --forward each is sent on
    before it is shown, for as long as this runs; what forwards for ever is the sink (COLLECTOR_FORWARD_URL).
    """
    settings = settings_with(**options)
    start = None if since is None else utc_now() - since
    # Ctrl-C is how it is meant to end.
    with contextlib.suppress(KeyboardInterrupt):
        wanted = _wanted(settings, tenant.lower() or settings.collection.tenant, site.lower())
        endpoint = endpoint_at(forward_url, settings) if forward_url else None
        run_command(_tail(settings, wanted, Shown(type_=type_, as_json=as_json, endpoint=endpoint), start=start))


def describe(event: Fact) -> str:
    """Return *event* as one line; a robot's is dim."""
    if not isinstance(event, WebFact):
        return f"{event.received_at:%H:%M:%S}  {_printable(event.site)}  {type_of(event)}"
    page = f"{event.page.hostname}{event.page.path}"
    if isinstance(event, EventRecorded):
        what = f"{event.name} {event.props or ''} on {page}"
    elif isinstance(event, EngagementMeasured):
        what = f"{event.engaged_ms / 1000:.0f} s, {event.scroll_percent} % of {page}"
    else:
        what = page
    kind = type_of(event).partition(".")[0]
    who = " ".join(filter(None, (event.place.country, event.device.kind.value, event.device.browser, event.source.name)))
    bot = "" if event.bot is None else f"  bot: {event.bot_name or event.bot.value}"
    shown = (
        click.style(f"{event.received_at:%H:%M:%S}", dim=True),
        click.style(_printable(event.site), fg="cyan"),
        click.style(kind, fg="green"),
        _printable(what),
        click.style(_printable(who + bot), dim=True),
    )
    return "  ".join(shown)


class Shown(Struct, frozen=True, kw_only=True):
    """Which events are shown, how, and where they are sent on to before, if anywhere."""

    type_: str | None
    as_json: bool
    endpoint: Endpoint | None


async def _tail(settings: Settings, wanted: list[tuple[EventStream, str]], shown: Shown, *, start: datetime | None) -> None:
    async with endpoints(settings) as (nats_url, _, _):
        client = await broker.connect(nats_url, on_loss=lambda: None)
        try:
            if not client.is_connected:
                raise Failure("NATS cannot be reached. Is it running, and is COLLECTOR_NATS_URL right? Try: collector doctor")
            async for body in tail(client, wanted, start=start):
                await _show(body, shown)
        finally:
            await broker.disconnect(client)


def _wanted(settings: Settings, tenant: str, site: str) -> list[tuple[EventStream, str]]:
    """Return each stream that may hold what is asked for, and the subject of it there: of one tenant, and no other's."""
    partitions = settings.stream.partitions
    if not site:
        return [(stream, subjects_of_tenant(stream.family, tenant)) for stream in streams_of(partitions=partitions)]
    return [
        (stream_for(family.name, tenant, site, partitions=partitions), subject_of(family.name, tenant, site, "*"))
        for family in FAMILIES
    ]


async def _show(body: bytes, shown: Shown) -> None:
    try:
        event = CODEC.decode(body)
    except ValueError:
        click.echo("(an event that this version cannot read)", err=True)
        return
    if shown.type_ is not None and not type_of(event).startswith(f"{shown.type_}."):
        return
    if shown.endpoint is not None:
        await _send_on(shown.endpoint, event)
    click.echo(body if shown.as_json else describe(event))


async def _send_on(endpoint: Endpoint, event: Fact) -> None:
    """Have the endpoint take *event*, however long that lasts: what comes meanwhile is read afterwards."""
    if (delivery := delivery_of(event)) is None:
        return
    while True:
        try:
            if Verdict.REFUSED in await endpoint.post([delivery]):
                click.echo("(the endpoint refuses the next event)", err=True)
        except EndpointAway as away:
            click.echo(f"({away}; trying again)", err=True)
            await asyncio.sleep(_AWAY_SECONDS)
        else:
            return


def _printable(text: str) -> str:
    # A visitor wrote it; it must not move the cursor.
    return "".join(character if character.isprintable() else "?" for character in text)
