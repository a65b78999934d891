"""The stream of decisions as it must be: made where there is none, its limits kept, and refused when it has drifted."""

import logging
from datetime import datetime

from msgspec import Struct

from collector.control.losing import DecisionsLost, are_lost
from collector.stream.connection import Connection, StreamDrifted, ask
from contracts.control.loss import acceptance_in, accepted
from contracts.control.stream import CONTROL_STREAM, ControlStream, control_settings
from contracts.jetstream import NO_ROOM_ON_SERVER, STREAM_NAME_IN_USE, STREAM_NOT_FOUND, ApiAnswer, JetStreamError
from contracts.streams import ADJUSTABLE, drift

log = logging.getLogger(__name__)


class KeptControl(Struct, frozen=True, kw_only=True):
    """The stream as it was found or made: which one it is, by the time of its creation, and whether several servers keep it.

    ``acceptance`` is the mark of the last loss that somebody has accepted.
    """

    created: datetime | None
    is_replicated: bool
    acceptance: str = ""


async def keep_control(client: Connection, stream: ControlStream = CONTROL_STREAM, *, replicas: int) -> KeptControl:
    """See to it that *stream* is there as it must be and say which it is, or raise StreamDrifted."""
    kept = await look_at_control(client, stream, replicas=replicas)
    if kept is None:
        await _made(client, stream, control_settings(replicas=replicas, stream=stream))
        kept = await look_at_control(client, stream, replicas=replicas)
    if kept is None:
        raise JetStreamError(404, STREAM_NOT_FOUND)
    return kept


async def look_at_control(client: Connection, stream: ControlStream = CONTROL_STREAM, *, replicas: int) -> KeptControl | None:
    """Return which stream there is, as it must be, or raise StreamDrifted; None where there is none, and none is made.

    Whoever only asks must not make one: where it was lost, an empty one in its place says that nothing was ever decided. Where
    the vault shows that, raise DecisionsLost.
    """
    wanted = control_settings(replicas=replicas, stream=stream)
    answer = await found_control(client, stream)
    if stream == CONTROL_STREAM and await are_lost(client, answer):
        raise DecisionsLost
    if answer is None:
        return None
    if problems := drift(wanted, answer.config):
        raise StreamDrifted(
            f"the stream {stream.name}, which holds what was decided about tenants, sites, keys and people, is not as "
            f"Collector made it: {'; '.join(problems)}. Set it back with `nats stream edit`, which keeps its events. If NATS "
            "refuses that, keep it, and give Collector a NATS, or a data directory, of its own."
        )
    if any(answer.config.get(name) != wanted[name] for name in ADJUSTABLE):
        answer = await _changed(client, stream, answer, {name: wanted[name] for name in ADJUSTABLE})
    return KeptControl(
        created=answer.created,
        is_replicated=int(answer.config.get("num_replicas", 1)) > 1,
        acceptance=acceptance_in(answer.config),
    )


async def accept_loss(client: Connection, at: datetime, *, replicas: int) -> ApiAnswer:
    """Let what the stream holds count since *at*, whatever was read of it before, and return it; without one, make it."""
    stream = CONTROL_STREAM
    if (found := await found_control(client)) is None:
        await _made(client, stream, control_settings(replicas=replicas, stream=stream))
        found = await ask(client, f"STREAM.INFO.{stream.name}")
    await ask(client, f"STREAM.UPDATE.{stream.name}", accepted(found.config, at))
    return await ask(client, f"STREAM.INFO.{stream.name}")


async def found_control(client: Connection, stream: ControlStream = CONTROL_STREAM) -> ApiAnswer | None:
    """Return what NATS says of *stream*, None where there is none."""
    try:
        return await ask(client, f"STREAM.INFO.{stream.name}")
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        return None


async def _made(client: Connection, stream: ControlStream, wanted: dict[str, object]) -> None:
    try:
        await ask(client, f"STREAM.CREATE.{stream.name}", wanted)
        log.info("stream created", extra={"stream": stream.name})
    except JetStreamError as error:
        if error.err_code != STREAM_NAME_IN_USE:  # another was quicker, and may have been told another number
            raise


async def _changed(client: Connection, stream: ControlStream, found: ApiAnswer, limits: dict[str, object]) -> ApiAnswer:
    try:
        await ask(client, f"STREAM.UPDATE.{stream.name}", found.config | limits)
    except JetStreamError as error:
        # What there is goes on as it was: no promise rests on a limit.
        log.warning(
            "the stream %s keeps its limits: NATS cannot change them now. Are there as many nodes as COLLECTOR_STREAM_REPLICAS "
            "says, and is there room?",
            stream.name,
            extra={"full": error.err_code == NO_ROOM_ON_SERVER},
        )
    return await ask(client, f"STREAM.INFO.{stream.name}")
