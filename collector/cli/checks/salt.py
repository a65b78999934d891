"""Where the day's salt is, how many nodes have it, how old it is, and whether the days before it are gone."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.salts.bucket import BUCKET, SALT_BYTES, SUBJECT_ROOT
from collector.settings import SaltMode, Settings
from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.jetstream import MESSAGE_NOT_FOUND, STREAM_NOT_FOUND, JetStreamError

_DERIVED = (
    "salts are derived from COLLECTOR_SECRET_KEY: whoever has it can compute every past day's",
    "Set COLLECTOR_SALT_MODE=random once you have migrated, best at midnight UTC: until then today's visitors count again.",
)


_ON_DISK = (
    f"Events are refused (503) while it is. Delete it with `nats stream rm {BUCKET}` while ingest runs: it makes it again, "
    "in memory, from today's salt if it holds that. If it does not, whoever was here today already counts as a new visitor."
)


class HeldSalt(Struct, frozen=True, kw_only=True):
    """One day's entry in the bucket: when it was written, and whether it still holds a salt."""

    day: date
    written_at: datetime
    is_salt: bool


async def examine_salt(client: Connection, settings: Settings, now: datetime) -> list[Finding]:
    """Look at the bucket that the replicas share the day's salt through; the salt itself is never shown."""
    if settings.privacy.salt_mode is SaltMode.DERIVED:
        return [odd("Salt", *_DERIVED)]
    try:
        bucket = await broker.ask(client, f"STREAM.INFO.{BUCKET}", {"subjects_filter": ">"})
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        return [odd("Salt", "there is none now", "Ingest makes one when it starts; run this again beside it.")]
    if bucket.config.get("storage") != "memory":
        return [bad("Salt", "its bucket is kept on the disk", _ON_DISK)]
    held = [await _held(client, subject) for subject in bucket.state.subjects if not subject.endswith(".floor")]
    return list(_judge([salt for salt in held if salt is not None], now))


async def examine_copies(settings: Settings, nats_url: str) -> AsyncIterator[Finding]:
    """Look whether the salt is on as many nodes as the streams; of a NATS that is away, others have told."""
    if settings.privacy.salt_mode is SaltMode.DERIVED:
        return
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if client.is_connected:
            yield await _copies(client, settings.stream.replicas)
    finally:
        await broker.disconnect(client)


async def _copies(client: Connection, wanted: int) -> Finding:
    try:
        bucket = await broker.ask(client, f"STREAM.INFO.{BUCKET}")
    except JetStreamError as error:
        if error.err_code == STREAM_NOT_FOUND:
            return odd("Salt", "there is none now", "Ingest makes one when it starts; run this again beside it.")
        return bad("Salt", f"JetStream refuses (error {error.err_code})", "Is JetStream enabled for this account?")
    except broker.UNREACHABLE:
        advice = "Is the node up that had it, and has the cluster a leader? Ingest that holds it goes on, and new ones wait."
        return bad("Salt", "its bucket does not answer", advice)
    copies = int(bucket.config.get("num_replicas", 1))
    if copies < wanted:
        text = f"{copies} node(s) hold it, and COLLECTOR_STREAM_REPLICAS is {wanted}: a node that dies takes it along"
        return odd("Salt", text, "Start ingest again, with as many nodes as that in the cluster and all of them up.")
    return good("Salt", f"{copies} node(s) hold it, as many as hold the streams")


async def _held(client: Connection, subject: str) -> HeldSalt | None:
    try:
        message = (await broker.ask(client, f"STREAM.MSG.GET.{BUCKET}", {"last_by_subj": subject})).message
        day = date.fromisoformat(subject.removeprefix(f"{SUBJECT_ROOT}."))
    except (JetStreamError, ValueError) as error:
        if isinstance(error, JetStreamError) and error.err_code != MESSAGE_NOT_FOUND:
            raise
        return None
    # Base64 of a salt; what was destroyed is an empty marker.
    is_salt = len(message.data) >= SALT_BYTES
    return None if message.time is None else HeldSalt(day=day, written_at=message.time, is_salt=is_salt)


def _judge(held: list[HeldSalt], now: datetime) -> list[Finding]:
    salts = sorted((salt for salt in held if salt.is_salt), key=lambda salt: salt.day)
    findings = [
        bad("Salt", f"that of {salt.day} is still there", "Is an ingest role running with a clock that is right?")
        for salt in salts
        if salt.day < now.date() and now - _midnight_after(salt.day, now) > _TOLERATED
    ]
    if not salts:
        return [*findings, odd("Salt", "there is none for today", "Ingest makes one when it starts; run this again beside it.")]
    newest = salts[-1]
    text = (
        f"in memory only; the one of {newest.day} is {_span(now - newest.written_at)} old, "
        f"last rotation {newest.written_at:%Y-%m-%d %H:%M:%S} UTC; {_gone(held)}"
    )
    return [*findings, good("Salt", text)]


def _gone(held: list[HeldSalt]) -> str:
    days = sorted(salt.day.isoformat() for salt in held if not salt.is_salt)
    return f"destroyed: {', '.join(days)}" if days else "no other day's is there"


_TOLERATED = timedelta(minutes=5)


def _midnight_after(day: date, now: datetime) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), now.tzinfo)


def _span(age: timedelta) -> str:
    minutes = max(int(age.total_seconds()), 0) // 60
    return f"{minutes // 60} h {minutes % 60} min"
