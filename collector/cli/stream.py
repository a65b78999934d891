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
from collector.cli.named_site import canonical_name, site_among, sites_known_to
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_until_interrupted
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection
from collector.stream.tail import tail
from contracts.codec import CODEC, VERSIONED, type_of
from contracts.events import CATALOGUE, EngagementMeasured, EventRecorded, Fact, WebFact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.streams import FAMILIES, EventStream, stream_for, streams_of, subject_of, subjects_of_tenant
from projections.forwarding.endpoint import Endpoint, EndpointAway, Verdict
from projections.forwarding.form import delivery_of

TYPES = tuple(dict.fromkeys(name["name"] for event in CATALOGUE if (name := VERSIONED.match(type_of(event))) is not None))
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
        owner, name = tenant.lower() or settings.collection.tenant, canonical_name(site) if site else ""
        wanted = _wanted(settings, owner, name)
        endpoint = endpoint_at(forward_url, settings) if forward_url else None
        shown = Shown(type_=type_, as_json=as_json, endpoint=endpoint)
        run_until_interrupted(_tail(settings, Watched(tenant=owner, site=name, subjects=wanted), shown, start=start))


def describe(event: Fact) -> str:
    """Return *event* as one line, with when it happened, in UTC; a robot's is dim."""
    # Of what was imported, too, and an import may be of any year.
    at = f"{event.occurred_at:%Y-%m-%d %H:%M:%S}"
    if not isinstance(event, WebFact):
        return f"{at}  {_printable(event.site)}  {type_of(event)}"
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
        click.style(at, dim=True),
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


class Watched(Struct, frozen=True, kw_only=True):
    """Whose events are asked for, ``site`` being empty for all of the tenant's, and where they are."""

    tenant: str
    site: str
    subjects: list[tuple[EventStream, str]]


async def _tail(settings: Settings, watched: Watched, shown: Shown, *, start: datetime | None) -> None:
    async with endpoints(settings) as (nats_url, _, _):
        client = await broker.connect(nats_url, on_loss=lambda: None)
        try:
            if not client.is_connected:
                raise Failure("NATS cannot be reached. Is it running, and is COLLECTOR_NATS_URL right? Try: collector doctor")
            if watched.site and not await _has_events(client, watched):
                await _say_that_there_are_none(client, settings, watched)
            async for body in tail(client, watched.subjects, start=start):
                await _show(body, shown)
        finally:
            await broker.disconnect(client)


async def _has_events(client: Connection, watched: Watched) -> bool:
    for stream, subject in watched.subjects:
        try:
            answer = await broker.ask(client, f"STREAM.INFO.{stream.name}", {"subjects_filter": subject})
        except JetStreamError as error:
            if error.err_code != STREAM_NOT_FOUND:  # it is made with the first event of its family
                raise Failure(f"JetStream refuses (error {error.err_code}). Try: collector doctor") from None
            continue
        except UNREACHABLE:
            return True  # which nobody knows; it is waited for like any event
        if answer.state.subjects:
            return True
    return False


async def _say_that_there_are_none(client: Connection, settings: Settings, watched: Watched) -> None:
    """Say on the terminal, beside the events, what is waited for; raise UsageError where nothing would ever come."""
    sites = await sites_known_to(client, settings)
    named = sites.find(watched.site, watched.tenant)
    if named is not None and named.id != watched.site:
        raise click.UsageError(f"{watched.site} is a name of {named.id}, under which its events are kept; watch that one")
    site_among(sites, watched.site, tenant=watched.tenant)
    click.echo(f"{watched.site} has no events yet; waiting for the first.", err=True)


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
