"""The memory bucket in NATS that replicas share the day's salt through: every write is a compare-and-set."""

import asyncio
import base64
import logging
from datetime import date, datetime
from typing import Any

import nats.errors
from nats.aio.client import Client

from collector.outcomes import Unavailable, UnavailableReason
from collector.stream.connection import REQUEST_SECONDS, ask
from contracts.jetstream import (
    MESSAGE_NOT_FOUND,
    STREAM_NAME_IN_USE,
    STREAM_NOT_FOUND,
    WRONG_LAST_SEQUENCE,
    ApiAnswer,
    JetStreamError,
    read_answer,
)

log = logging.getLogger(__name__)

BUCKET = "KV_salts"
SUBJECT_ROOT = "$KV.salts"
FLOOR = "floor"
SALT_BYTES = 32
# A day, and two hours for a broker that is late: a backstop behind the purge at midnight.
LONGEST_LIFE_SECONDS = 26 * 3600
_PAUSE_SECONDS = 30.0
_SETTINGS = {
    "name": BUCKET,
    "subjects": [f"{SUBJECT_ROOT}.>"],
    "storage": "memory",  # a file would keep a deleted salt's bytes
    "retention": "limits",
    "discard": "new",
    "max_msgs_per_subject": 1,
    "max_age": LONGEST_LIFE_SECONDS * 1_000_000_000,
    "allow_rollup_hdrs": True,
    "deny_delete": True,
}


class SaltBucket:
    """One key per UTC day, and ``floor``, the newest day that any replica has seen; nothing here is remembered."""

    def __init__(self, client: Client, *, replicas: int = 1) -> None:
        self._client = client
        self._replicas = replicas
        self._is_spread = False
        self._spread_at = -_PAUSE_SECONDS

    async def ensure(self) -> datetime:
        """Create the bucket if it is gone, spread it over as many nodes as it should be on, and return NATS's own time."""
        bucket = await self._found() or await self._made()
        if bucket.config.get("storage") != "memory" or bucket.ts is None:
            raise Unavailable(UnavailableReason.SALT)
        await self._see_to_replicas(bucket.config)
        return bucket.ts

    async def _found(self) -> ApiAnswer | None:
        try:
            return await ask(self._client, f"STREAM.INFO.{BUCKET}")
        except JetStreamError as error:
            if error.err_code != STREAM_NOT_FOUND:
                raise
            return None

    async def _made(self) -> ApiAnswer:
        try:
            await ask(self._client, f"STREAM.CREATE.{BUCKET}", _SETTINGS | {"num_replicas": self._replicas})
        except JetStreamError as error:
            if error.err_code != STREAM_NAME_IN_USE:
                raise
        # Another was quicker, and may have been told another number; or it is ours, and this says what time it is there.
        return await ask(self._client, f"STREAM.INFO.{BUCKET}")

    async def _see_to_replicas(self, settings: dict[str, Any]) -> None:
        # Once in the life of a process, or two that have been told different numbers would never come to rest.
        self._is_spread = self._is_spread or settings.get("num_replicas") == self._replicas
        now = asyncio.get_running_loop().time()
        if self._is_spread or now - self._spread_at < _PAUSE_SECONDS:
            return
        self._spread_at = now
        try:
            await ask(self._client, f"STREAM.UPDATE.{BUCKET}", settings | {"num_replicas": self._replicas})
        except (JetStreamError, nats.errors.Error, TimeoutError) as error:
            # What there is goes on as it was: no promise rests on the number, only how long an outage lasts.
            log.warning(
                "the day's salt has %s copies, and COLLECTOR_STREAM_REPLICAS is %s: NATS cannot change that now. Are there as "
                "many nodes, and are all of them up? It is tried again.",
                settings.get("num_replicas"),
                self._replicas,
                extra={"error": type(error).__name__},
            )
            return
        self._is_spread = True
        log.info("the day's salt is as replicated as the streams", extra={"replicas": self._replicas})

    async def raise_floor(self, today: date) -> date:
        """Return the newest day any replica has seen, having made it at least *today*."""
        for _ in range(3):
            revision, value = await self._last(FLOOR)
            if value and (floor := date.fromisoformat(value.decode("ascii"))) >= today:
                return floor
            if await self._put(FLOOR, today.isoformat().encode(), revision):
                return today
        raise Unavailable(UnavailableReason.SALT)

    async def create(self, day: date, key: bytes) -> bytes:
        """Put *key* in as the day's salt, or return the one that another replica put in first."""
        if await self._put(day.isoformat(), key, 0):
            return key
        winner = await self.read(day)
        if winner is None:
            raise Unavailable(UnavailableReason.SALT)
        return winner

    async def read(self, day: date) -> bytes | None:
        """Return the day's salt, None when nobody has put one in; never what is left of one."""
        revision, key = await self._last(day.isoformat())
        if revision == 0:
            return None
        if len(key) != SALT_BYTES:
            raise Unavailable(UnavailableReason.SALT)
        return key

    async def holds(self, day: date, key: bytes) -> bool:
        """Say whether *key* is there as the day's salt, and not what is left of one."""
        return (await self._last(day.isoformat()))[1] == key

    async def destroy_before(self, day: date) -> None:
        """Replace the salts of all days before *day* by markers: gone from memory, and nobody can create those days again."""
        held = (await ask(self._client, f"STREAM.INFO.{BUCKET}", {"subjects_filter": f"{SUBJECT_ROOT}.>"})).state
        names = [subject.removeprefix(f"{SUBJECT_ROOT}.") for subject in held.subjects]
        for name in names:
            if name != FLOOR and name < day.isoformat() and (await self._last(name))[1]:
                await self._publish(name, b"", {"KV-Operation": "PURGE", "Nats-Rollup": "sub"})

    async def _last(self, name: str) -> tuple[int, bytes]:
        """Return the newest revision and value of *name*, read through the leader; (0, b"") when there is none."""
        try:
            answer = await ask(self._client, f"STREAM.MSG.GET.{BUCKET}", {"last_by_subj": f"{SUBJECT_ROOT}.{name}"})
        except JetStreamError as error:
            if error.err_code == MESSAGE_NOT_FOUND:
                return 0, b""
            raise
        return int(answer.message.seq), base64.b64decode(answer.message.data)

    async def _put(self, name: str, value: bytes, revision: int) -> bool:
        """Write *value* if the newest revision still is *revision*; say whether it was."""
        try:
            await self._publish(name, value, {"Nats-Expected-Last-Subject-Sequence": str(revision)})
        except JetStreamError as error:
            if error.err_code in WRONG_LAST_SEQUENCE:
                return False
            raise
        return True

    async def _publish(self, name: str, value: bytes, headers: dict[str, str]) -> None:
        message = await self._client.request(f"{SUBJECT_ROOT}.{name}", value, timeout=REQUEST_SECONDS, headers=headers)
        read_answer(message.data)
