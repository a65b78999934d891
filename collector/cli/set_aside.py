"""What the commands about quarantine share: how an event is named, which are meant, and how one is shown in a line."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import click
from msgspec import Struct

from collector.cli.named_site import canonical_name
from contracts.streams import streams_of
from projections.projector.held import Held, Wanted
from projections.stream.item import Reason

Command = TypeVar("Command", bound=Callable[..., Any])

_PLACE: Final = re.compile(r"([A-Z0-9_]{1,64}):([0-9]{1,15})")


class Place(click.ParamType[tuple[str, int]]):
    """Where an event stands: its stream and its sequence there."""

    name = "event"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return the stream and the sequence."""
        named = _PLACE.fullmatch(str(value))
        if named is None:
            self.fail("name an event as `collector quarantine list` does, such as EVENTS_WEB_0:17", param, ctx)
        return named[1], int(named[2])


class Line(Struct, frozen=True, kw_only=True):
    """One event that is set aside, for a line of a list."""

    event: str
    received: datetime | None
    tenant: str
    site: str
    reason: str
    contract: str


def chosen(command: Command) -> Command:
    """Add the options that choose events."""
    for option in (
        click.option("--contract", default="", metavar="NAME", help="Only events of this contract, such as page_viewed.v1."),
        click.option("--reason", default="", type=click.Choice(["", *Reason]), help="Only events that are set aside for this."),
        click.option("--site", default="", metavar="NAME", help="Only events of this site."),
        click.option("--tenant", default="", metavar="NAME", help="Only events of this tenant."),
    ):
        command = option(command)
    return command


def wanted_of(events: tuple[tuple[str, int], ...] = (), *, site: str, **only: str) -> Wanted:
    """Return which events are meant."""
    return Wanted(places=frozenset(events), site=canonical_name(site) if site else "", **only)


def line_of(held: Held) -> Line:
    """Return the line that shows *held*."""
    pointer = held.pointer
    return Line(
        event=f"{held.stream}:{pointer.seq}",
        received=pointer.came_at,
        tenant=pointer.tenant,
        site=pointer.site,
        reason=pointer.reason.value,
        contract=pointer.contract,
    )


def is_a_stream(name: str, partitions: int) -> bool:
    """Say whether there is a stream of events called *name*."""
    return any(stream.name == name for stream in streams_of(partitions=partitions))
