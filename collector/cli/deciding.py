"""What the commands about tenants, sites, keys and people share: a control plane to decide with, and how things are shown."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

import click
import msgspec
from msgspec import Struct

from collector.cli.clock import utc_now
from collector.cli.options import data_option, role_settings
from collector.cli.terminal import keep_logs_out, run_command
from collector.control.decided import Lost, Reason, Undecided
from collector.control.directory import Directory
from collector.control.follow import Follower
from collector.control.plane import ControlPlane, open_plane
from collector.control.things import Things
from collector.failure import Failure
from collector.local.endpoints import nats_url_for_role
from collector.settings import IngestSettings
from collector.stream import connection as broker

Command = TypeVar("Command", bound=Callable[..., Any])

BY: Final = "here"
ALL: Final = 1_000_000
AWAY: Final = "NATS does not answer: is it running, and is COLLECTOR_NATS_URL right?"
_PATIENCE_SECONDS: Final = 2.0
_GAP: Final = "  "
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], (), {})


def asked(command: Command) -> Command:
    """Add what every command about things has: ``--data`` and ``--json``."""
    return data_option(click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")(command))


def of_a_tenant(command: Command) -> Command:
    """Add ``--tenant``."""
    return click.option("--tenant", default="", metavar="NAME", help="Whose it is [COLLECTOR_TENANT; main].")(command)


def told(**options: Any) -> IngestSettings:
    """Return the settings that such a command needs."""
    return role_settings(IngestSettings, **options)


@contextlib.contextmanager
def deciding(settings: IngestSettings) -> Iterator[ControlPlane]:
    """Lend the control plane; what is not decided ends the command in words."""
    keep_logs_out()
    nats_url, replicas = nats_url_for_role(settings.nats, settings.local), settings.stream.replicas
    with open_plane(nats_url, clock=utc_now, replicas=replicas, patience=_PATIENCE_SECONDS) as plane:
        try:
            yield plane
        except Undecided as undecided:
            is_away = undecided.reason is Reason.UNAVAILABLE and not isinstance(undecided, Lost)
            raise Failure(f"{undecided}. {AWAY}" if is_away else str(undecided)) from undecided


def everything(settings: IngestSettings) -> Things:
    """Return all that there is, or fail in words."""
    things = run_command(_read(nats_url_for_role(settings.nats, settings.local)))
    if things is None:
        raise Failure(AWAY)
    return things


def show(view: Struct, *, as_json: bool) -> None:
    """Print one thing, a line for each that is known of it."""
    if as_json:
        return click.echo(msgspec.json.encode(view))
    said = {name: text for name, value in msgspec.to_builtins(view).items() if (text := _text(value))}
    width = max(map(len, said))
    for name, text in said.items():
        click.echo(f"{name:<{width}}{_GAP}{text}")
    return None


def show_all(views: Iterable[Struct], *columns: str, as_json: bool) -> None:
    """Print things, a line for each."""
    found = list(views)
    if as_json:
        for view in found:
            click.echo(msgspec.json.encode(view))
        return
    rows = [columns, *(tuple(_text(getattr(view, column)) for column in columns) for view in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        click.echo(_GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {_text(one)}".rstrip() for name, one in value.items() if one not in _NOTHING)
        case list() | tuple():
            return ", ".join(map(_text, value))
        case Struct():
            return _text(msgspec.to_builtins(value))
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "astimezone") else str(value)


async def _read(nats_url: str) -> Things | None:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            return None
        directory = Directory()
        follower = Follower(client, directory)
        await follower.catch_up()
        if follower.loss:
            raise Failure(follower.loss)
        return directory.things if directory.is_ready else None
    finally:
        await broker.disconnect(client)
