"""Whether Postgres and the ingest processes have the time that NATS and this machine have."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from collector.cli.checks.finding import Finding, bad, good
from collector.cli.clock import utc_now
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection
from contracts.jetstream import JetStreamError
from contracts.tallies import SUBJECT_ROOT, TALLY_CODEC, TALLY_STREAM, TELL_SECONDS, TallyHead
from projections.database import POSTGRES_ERRORS, open_engine
from projections.inspection import time_in

SKEW_SECONDS: Final = 5.0
# A sign is written down when its process has told the rest, and read back when the next one may be due.
_SIGN_SECONDS: Final = SKEW_SECONDS + TELL_SECONDS
_RECENT: Final = timedelta(seconds=60)
_MOST: Final = 64
_SUBJECT: Final = "Clock"
_ADVICE: Final = "Run NTP on all machines: the day's salt, and what counts as too late, go by their clocks."


def skew_between(asked: datetime, answered: datetime, now: datetime) -> float:
    """Return by how many seconds who *answered* is off at least: the way there and back lies between question and answer."""
    return max((asked - answered).total_seconds(), (answered - now).total_seconds(), 0.0)


async def examine_clocks(database_url: str, nats_url: str) -> AsyncIterator[Finding]:
    """Ask Postgres for its time, and compare the last sign of each ingest process with when NATS stored it."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            asked = utc_now()
            answered = await time_in(connection)
            yield _of_postgres(skew_between(asked, answered, utc_now()))
    except POSTGRES_ERRORS:
        pass  # which is said already
    finally:
        await engine.dispose()
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if client.is_connected:
            for finding in of_processes(await _skews(client)):
                yield finding
    except (JetStreamError, *UNREACHABLE):
        return  # nobody has told anything yet, or NATS is away, which is said already
    finally:
        await broker.disconnect(client)


def _of_postgres(skew: float) -> Finding:
    if skew > SKEW_SECONDS:
        return bad(_SUBJECT, f"differs from Postgres's by {skew:.0f} s", _ADVICE)
    return good(_SUBJECT, "agrees with Postgres's")


def of_processes(skews: Mapping[str, float]) -> Iterator[Finding]:
    """Yield which processes, of those that told a sign lately, differ from NATS by how many seconds."""
    wrong = {run: skew for run, skew in skews.items() if skew > _SIGN_SECONDS}
    for run, skew in wrong.items():
        yield bad(_SUBJECT, f"the ingest process {run} and NATS differ by {skew:.0f} s", _ADVICE)
    if skews and not wrong:
        yield good(_SUBJECT, f"{len(skews)} ingest process(es) and NATS agree")


async def _skews(client: Connection) -> dict[str, float]:
    """Return by how many seconds each process that told a sign lately is off."""
    info = await broker.ask(client, f"STREAM.INFO.{TALLY_STREAM.name}")
    now = info.ts or datetime.now(UTC)
    seq = max(info.state.first_seq, info.state.last_seq - 20 * _MOST)
    found: dict[str, float] = {}
    for _ in range(_MOST):
        asked = {"seq": seq, "next_by_subj": f"{SUBJECT_ROOT}.*.head"}
        try:
            message = (await broker.ask(client, f"STREAM.MSG.GET.{TALLY_STREAM.name}", asked)).message
        except JetStreamError:
            break
        seq = message.seq + 1
        if message.time is None or now - message.time > _RECENT:
            continue
        try:
            head: object = TALLY_CODEC.decode(base64.b64decode(message.data))
        except ValueError:  # some other program's
            continue
        if isinstance(head, TallyHead) and not head.ended:
            found[head.run] = abs((message.time - head.told_at).total_seconds())
    return found
