"""`collector quarantine show`: what one event that is set aside is, as far as it can be read, and without what it says."""

import base64
import re
from typing import Any, Final

import click
import msgspec

from collector.cli.options import data_option, examples, settings_with
from collector.cli.set_aside import Place, is_a_stream
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from contracts.codec import CODEC, NewerVersion, Undecodable, UnknownType
from contracts.jetstream import StoredMessage
from contracts.streams import streams_of
from projections.projector.held import Held, Wanted, held
from projections.stream import NoStream, Stream
from projections.stream.item import contract_of, owner_of

# What an envelope says that names nobody, and is of a form that can hold nothing else.
_PLAIN: Final = {
    "type": re.compile(r"[a-z][a-z0-9_]{0,60}\.v[0-9]{1,4}"),
    "received_at": re.compile(r"[0-9T:.Z+-]{10,40}"),
    "occurred_at": re.compile(r"[0-9T:.Z+-]{10,40}"),
    "lists": re.compile(r"[0-9a-f]{0,6}"),
}
_AT: Final = re.compile(r"at `(\$[A-Za-z0-9_.\[\]]*)`")
_DEEPEST: Final = 4


@click.command("show", epilog=examples("collector quarantine show EVENTS_WEB_0:17"))
@data_option
@click.argument("event", type=Place())
def command(*, event: tuple[str, int], **options: Any) -> None:
    """Show an event that is set aside: why, when it came, and the shape of its bytes; texts are shown by their length alone."""
    settings = settings_with(**options)
    for name, said in run_command(_shown(settings, event)).items():
        click.echo(f"{name:<10}{said}")


async def _shown(settings: Settings, event: tuple[str, int]) -> dict[str, str]:
    name, seq = event
    if not is_a_stream(name, settings.stream.partitions):
        raise Failure("There is no stream of that name. `collector quarantine list` names the events that are set aside.")
    async with endpoints(settings) as (nats_url, database_url, _):
        found = await held(database_url, Wanted(places=frozenset({event})))
        of = next(stream for stream in streams_of(partitions=settings.stream.partitions) if stream.name == name)
        async with Stream(nats_url, of) as stream:
            await stream.connect()
            try:
                await stream.identity()
            except NoStream:
                raise Failure("That stream is not there yet: nothing of its family was ever stored.") from None
            message = await stream.message_at(seq)
    if message is None and not found:
        raise Failure("There is no event at that place, and none was set aside there.")
    return _told(message, found[0] if found else None)


def _told(message: StoredMessage | None, one: Held | None) -> dict[str, str]:
    """Return what there is to say of *message*, each thing in a line."""
    said: dict[str, str] = {}
    if one is None:
        said["reason"] = "it is not set aside"
    else:
        said["reason"] = one.pointer.reason.value
        said["received"] = str(one.pointer.came_at or "not known")
    if message is None:
        return said | {"bytes": "gone: it was erased from the stream"}
    tenant, site = owner_of(message.subject)
    body = base64.b64decode(message.data)
    return said | {
        "stored": str(message.time or "not known"),
        "tenant": tenant or "none that its subject names",
        "site": site or "none that its subject names",
        "contract": contract_of(message.subject) or "none that its subject names",
        "bytes": f"{len(body):,}",
        "reads": _reading(body),
        "shape": _shape(body),
    }


def _reading(body: bytes) -> str:
    """Return whether this program can read *body*, and else what hinders it; never what is in it."""
    try:
        CODEC.decode(body)
    except UnknownType:
        return "not: its type is none that this version knows"
    except NewerVersion:
        return "not: it is of a newer version than this program"
    except Undecodable as error:
        at = _AT.search(str(error.__cause__ or error))
        return f"not: what stands at {at[1]} is not as its contract says" if at else "not: it is not as its contract says"
    return "yes: `collector quarantine retry` applies it"


def _shape(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "no JSON"
    return msgspec.json.encode(_redacted(found, _DEEPEST)).decode()


def _redacted(value: Any, deep: int, name: str = "") -> Any:
    """Return the shape of *value*: its members by name where they can be a contract's, and of each value only its kind."""
    match value:
        case str() if name in _PLAIN and _PLAIN[name].fullmatch(value):
            return value
        case str():
            return f"text of {len(value):,}"
        case bool() | int() | float() | None:
            return type(value).__name__
        case list():
            return f"list of {len(value):,}"
        case dict() if deep:
            known = {key: each for key, each in value.items() if re.fullmatch(r"[a-z][a-z_]{0,39}", key)}
            shown = {key: _redacted(each, deep - 1, key) for key, each in known.items()}
            hidden = len(value) - len(known)
            # What a site calls its own properties is its own business.
            return shown if not hidden else {**shown, "...": f"{hidden:,} more"}
    return "object"
