"""Whether NATS is there, new enough, in time and durable, and the event stream what the promises rest on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from collector.cli.checks.clocks import SKEW_SECONDS, skew_between
from collector.cli.checks.finding import Finding, bad, good, odd
from collector.cli.clock import utc_now
from collector.local.nats import MIN_NATS_VERSION, parse_version
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.ailment import Ailment, knock, of_the_store
from collector.stream.connection import UNREACHABLE, Connection
from collector.stream.monitor import health, syncs_always
from collector.stream.streams import FORMER_ADVICE, FormerStream, refuse_former_stream
from contracts.jetstream import STREAM_NOT_FOUND, ApiAnswer, JetStreamError
from contracts.streams import MAX_FACT_BYTES, EventStream, drift, share_of, stream_settings, streams_of

_FULL_SHARE = 0.8


async def examine_stream(settings: Settings, nats_url: str, monitor_url: str | None) -> AsyncIterator[Finding]:
    """Look at NATS and at the event stream in it."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            yield _absent(await asyncio.to_thread(knock, nats_url))
            return
        yield _version(str(client.connected_server_version))
        async for finding in _stream(client, settings):
            yield finding
    finally:
        await broker.disconnect(client)
    yield _sync_interval(monitor_url)
    if monitor_url is not None and (said := await asyncio.to_thread(health, monitor_url)) is not None:
        yield _store(said)


def _absent(ailment: Ailment) -> Finding:
    if ailment is Ailment.GONE:
        return bad("NATS", "cannot be reached", f"{ailment.value[0].upper()}{ailment.value[1:]}.")
    return bad("NATS", f"cannot be reached: it {ailment.value}", "Look at its log, and at its machine.")


def _store(said: str) -> Finding:
    """Return what nats-server *said* of its health."""
    if (ailment := of_the_store(said)) is not None:
        return bad("Store", "takes no events", f"{ailment.value[0].upper()}{ailment.value[1:]}.")
    if said:
        return odd("Store", "nats-server says that it is not well", "See its log and its /healthz; it may still be starting.")
    return good("Store", "nats-server is well")


def _version(text: str) -> Finding:
    version, wanted = parse_version(text), ".".join(map(str, MIN_NATS_VERSION))
    text = ".".join(map(str, version))
    if version < MIN_NATS_VERSION:
        return bad(
            "NATS", f"is version {text}", f"Upgrade nats-server to {wanted} or later: older ones can lose acknowledged events."
        )
    return good("NATS", f"answers, version {text}")


async def _stream(client: Connection, settings: Settings) -> AsyncIterator[Finding]:
    asked = utc_now()
    answered: datetime | None = None
    absent: list[str] = []
    try:
        await refuse_former_stream(client)
        for stream in streams_of(partitions=settings.stream.partitions):
            try:
                answer = await broker.ask(client, f"STREAM.INFO.{stream.name}")
            except JetStreamError as error:
                if error.err_code == STREAM_NOT_FOUND:
                    absent.append(stream.name)
                else:
                    yield bad("Stream", f"JetStream refuses (error {error.err_code})", "Is JetStream enabled for this account?")
                continue
            answered = answer.ts
            yield _drift(stream, answer, settings)
            yield _fullness(stream, answer)
    except FormerStream:
        yield bad("Stream", "is the one of an earlier version", FORMER_ADVICE)
        return
    except UNREACHABLE:
        yield bad(
            "Stream",
            "JetStream does not answer",
            "Does nats-server run with JetStream enabled, and may this user use it? Is it frozen, or its machine overloaded?",
        )
        return
    if absent:
        yield _not_made_yet(absent, is_any_there=answered is not None)
    if answered is not None:
        yield _clock(asked, answered)


def _not_made_yet(absent: Sequence[str], *, is_any_there: bool) -> Finding:
    """Return that nobody has sent what belongs in *absent*; one that was there and is gone is said of its projector."""
    names = ", ".join(absent)
    if is_any_there:
        return good("Streams", f"{names}: made with the first event of the family")
    return odd(
        "Stream", f"{names}: none is there yet", "Each is made with the first event of its family: start ingest, and send one."
    )


def _drift(stream: EventStream, answer: ApiAnswer, settings: Settings) -> Finding:
    wanted = stream_settings(stream, max_bytes=share_of(stream, settings.stream.max_bytes), replicas=settings.stream.replicas)
    if problems := drift(wanted, answer.config):
        advice = (
            f"Set it back with `nats stream edit {stream.name}`, which keeps its events; the promises rest on these settings."
        )
        return bad(f"Stream {stream.name}", "; ".join(problems), advice)
    return good(f"Stream {stream.name}", f"{answer.state.messages:,} events, with the settings the promises rest on")


def _fullness(stream: EventStream, answer: ApiAnswer) -> Finding:
    used, limit = answer.state.bytes, int(answer.config.get("max_bytes", -1))
    share = used / limit if limit > 0 else 0.0
    text = f"{share:.0%} of its {limit / 1024**3:.1f} GiB are used"
    if 0 < limit < used + MAX_FACT_BYTES:
        return bad(
            f"Stream {stream.name}",
            f"is full, so events are refused (503): {text}",
            "Raise COLLECTOR_STREAM_MAX_BYTES, below the disk, and start ingest again; nothing that is stored is lost.",
        )
    if share > _FULL_SHARE:
        return odd(
            f"Stream {stream.name}",
            text,
            "When it is full, events are refused (503). Raise COLLECTOR_STREAM_MAX_BYTES, below the disk.",
        )
    return good(f"Stream {stream.name}", text)


def _clock(asked: datetime, answered: datetime | None) -> Finding:
    if answered is None:
        return odd("Clock", "NATS does not say what time it has", "Compare the clocks yourself.")
    skew = skew_between(asked, answered, utc_now())
    if skew > SKEW_SECONDS:
        return bad(
            "Clock", f"differs from NATS's by {skew:.0f} s", "Run NTP on both machines: ingest refuses to work like this."
        )
    return good("Clock", "agrees with NATS's")


def _sync_interval(monitor_url: str | None) -> Finding:
    subject = "Durability"
    if monitor_url is None:
        return odd(subject, "sync_interval was not checked", "Set COLLECTOR_NATS_MONITOR_URL, such as http://nats:8222.")
    is_synced = syncs_always(monitor_url)
    if is_synced is None:
        return odd(subject, "NATS's monitoring does not answer", "Is COLLECTOR_NATS_MONITOR_URL right?")
    if not is_synced:
        advice = "Set `sync_interval: always` in nats-server's jetstream block."
        return bad(subject, "events that were acknowledged are lost when the power fails", advice)
    return good(subject, "every acknowledged event is on the disk (sync_interval: always)")
