"""The day's salt: random, agreed between replicas, held in memory only, and gone at midnight UTC."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import nats.errors
from nats.aio.client import Client

from collector.outcomes import Unavailable, UnavailableReason
from collector.privacy.visitor import Formula, Salt
from collector.salts.bucket import SALT_BYTES, BucketTimes, SaltBucket
from contracts.jetstream import JetStreamError

TOLERATED_SKEW: Final = timedelta(seconds=5)
# How long those who come back to a bucket that NATS has lost wait for one of them to put in the salt of a day that has begun.
PRECEDENCE: Final = timedelta(seconds=2)


class AgreedSalts:
    """Random salts in a memory bucket: the first replica of the day makes one, all others read it.

    A replica whose clock is off by more than five seconds gets none, and a clock that runs backwards stays on the newest day
    that any replica has seen (the bucket's ``floor``). When NATS restarts, which empties the bucket, the first replica to
    come back puts its own copy in again, and those that come back without it give way to those that have it. Whoever takes
    up a day's salt destroys what is left of the days before, also when the one that held it is no more.
    """

    def __init__(self, client: Client, clock: Callable[[], datetime], *, tolerated_skew: timedelta = TOLERATED_SKEW) -> None:
        self._bucket = SaltBucket(client)
        self._clock = clock
        self._tolerated_skew = tolerated_skew
        self._held: Salt | None = None
        self._verified = False
        self._doubts = 0
        self._rotated_at: datetime | None = None
        self._agreeing = asyncio.Lock()

    def held(self, at: datetime) -> Salt | None:
        """Return the salt for *at* if it is at hand and known to be the bucket's."""
        if self._held is None or not self._verified or at.date() > self._held.day:
            return None
        return self._held

    async def of(self, at: datetime) -> Salt:
        """Return the salt for *at*, agreeing with the other replicas first where that is needed."""
        if (salt := self.held(at)) is not None:
            return salt
        async with self._agreeing:
            if (salt := self.held(at)) is not None:
                return salt
            return await self._agreed(at)

    def doubt(self) -> None:
        """Stop using the salt until it has been compared with the bucket again: call this when the connection breaks."""
        self._verified = False
        self._doubts += 1

    async def rotate(self) -> None:
        """Take up the new day's salt and destroy the old one, without waiting for a hit."""
        await self.of(self._clock())

    async def recheck(self) -> None:
        """Compare the salt with the bucket's, which somebody may have emptied behind our back; it stays in use meanwhile."""
        with contextlib.suppress(Unavailable):
            async with self._agreeing:
                await self._agreed(self._clock())

    def rotated_at(self) -> datetime | None:
        """Return when this process took up the salt it holds."""
        return self._rotated_at

    async def _agreed(self, at: datetime) -> Salt:
        try:
            return await self._agree(at.astimezone(UTC).date())
        except (JetStreamError, nats.errors.Error, TimeoutError, OSError, ValueError, KeyError) as error:
            raise Unavailable(UnavailableReason.SALT) from error

    async def _agree(self, today: date) -> Salt:
        doubts = self._doubts
        seen = await self._bucket.ensure()
        if abs(seen.now - self._clock()) > self._tolerated_skew:
            raise Unavailable(UnavailableReason.SALT)
        day = await self._bucket.raise_floor(today if self._held is None else max(today, self._held.day))
        mine = self._held.key if self._held is not None and self._held.day == day else None
        key = await self._bucket.read(day) or await self._bucket.create(day, mine or self._new_key(seen))
        if self._held is None or self._held.day < day:
            await self._bucket.destroy_before(day)
        if self._held is None or key != mine:
            self._held = Salt(day=day, key=key, formula=Formula.KEYED)
            self._rotated_at = self._clock()
        self._verified = doubts == self._doubts  # a connection that broke meanwhile may have come back to an empty bucket
        return self._held

    def _new_key(self, seen: BucketTimes) -> bytes:
        has_come_back = self._held is not None and not self._verified
        if has_come_back and seen.now - seen.made_at < PRECEDENCE:
            raise Unavailable(UnavailableReason.SALT)  # another may hold this day's salt, and be on its way
        return secrets.token_bytes(SALT_BYTES)
