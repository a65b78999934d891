"""The day's salt: random, agreed between replicas, held in memory only, and gone at midnight UTC."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import nats.errors
from nats.aio.client import Client

from collector.outcomes import Unavailable, UnavailableReason
from collector.privacy.visitor import Formula, Salt
from collector.salts.bucket import SALT_BYTES, SaltBucket
from collector.salts.precedence import LOOK_SECONDS, PRECEDENCE, STALE_SECONDS, Wait
from contracts.jetstream import JetStreamError

TOLERATED_SKEW: Final = timedelta(seconds=5)
_UNREACHABLE: Final = (JetStreamError, nats.errors.Error, TimeoutError, OSError, ValueError, KeyError)


class AgreedSalts:
    """Random salts in a memory bucket: the first replica of the day makes one, all others read it.

    A replica whose clock is off by more than five seconds gets none, and a clock that runs backwards stays on the newest day
    that any replica has seen (the bucket's ``floor``). NATS may lose what is in the bucket, the whole of it or the one node
    that had it: whoever holds the day's salt looks again and again, and puts its own copy in. Who holds none cannot know
    whether another does, and waits for *precedence* at the empty bucket before it makes one. Only at midnight nobody waits: the
    salt of the day before, where it is still there, shows that nothing was lost. Whoever takes up a day's salt destroys what
    is left of the days before, also when the one that held it is no more.
    """

    def __init__(
        self,
        client: Client,
        clock: Callable[[], datetime],
        *,
        replicas: int = 1,
        precedence: timedelta = PRECEDENCE,
        tolerated_skew: timedelta = TOLERATED_SKEW,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._bucket = SaltBucket(client, replicas=replicas)
        self._clock = clock
        self._elapsed = elapsed
        self._tolerated_skew = tolerated_skew
        self._held: Salt | None = None
        self._verified = False
        self._looked_at = 0.0
        self._doubts = 0
        self._wait = Wait(precedence)
        self._rotated_at: datetime | None = None
        self._agreeing = asyncio.Lock()

    def held(self, at: datetime) -> Salt | None:
        """Return the salt for *at* if it is at hand and known to be the bucket's."""
        if self._held is None or not self._verified or at.date() > self._held.day:
            return None
        if self._elapsed() - self._looked_at > STALE_SECONDS:
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
        self._wait.interrupt()

    async def rotate(self) -> None:
        """Take up the new day's salt and destroy the old one, without waiting for a hit."""
        await self.of(self._clock())

    async def recheck(self) -> None:
        """Compare the salt with the bucket's, which somebody may have emptied behind our back; it stays in use meanwhile."""
        with contextlib.suppress(Unavailable):
            async with self._agreeing:
                await self._agreed(self._clock())

    async def watch(self) -> None:
        """Look for ever whether the bucket has the salt that is in use, and put it in again when it was lost."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once, with one question; where the answer is not as it was, agree again."""
        held = self._held
        if held is None or not self._client.is_connected:
            return
        # One that came back agrees at once: others wait for it, and must not for the streams, which may take longer.
        if not self._verified or await self._is_replaced(held):
            await self.recheck()

    async def _is_replaced(self, held: Salt) -> bool:
        self._looked_at = self._elapsed()
        try:
            return await self._bucket.read(held.day) != held.key
        except (Unavailable, *_UNREACHABLE):
            return False  # a bucket that does not answer shows nobody that it is empty, so the salt stays in use

    def rotated_at(self) -> datetime | None:
        """Return when this process took up the salt it holds."""
        return self._rotated_at

    async def _agreed(self, at: datetime) -> Salt:
        try:
            return await self._agree(at.astimezone(UTC).date())
        except _UNREACHABLE as error:
            self._wait.interrupt()
            raise Unavailable(UnavailableReason.SALT) from error

    async def _agree(self, today: date) -> Salt:
        doubts, began = self._doubts, self._elapsed()
        if abs(await self._bucket.ensure() - self._clock()) > self._tolerated_skew:
            raise Unavailable(UnavailableReason.SALT)
        day = await self._bucket.raise_floor(today if self._held is None else max(today, self._held.day))
        looked_at = self._elapsed()
        key = await self._of_all(day, began)
        if self._held is None or self._held.day < day:
            await self._bucket.destroy_before(day)
        if self._held is None or self._held != Salt(day=day, key=key, formula=Formula.KEYED):
            self._held = Salt(day=day, key=key, formula=Formula.KEYED)
            self._rotated_at = self._clock()
        self._verified = doubts == self._doubts  # a connection that broke meanwhile may have come back to an empty bucket
        self._looked_at = looked_at
        return self._held

    async def _of_all(self, day: date, began: float) -> bytes:
        """Return the *day*'s salt as the bucket has it, having put in ours, or one that we may make, where it has none."""
        # Asked first: whoever takes up a day's salt destroys the one before only then.
        nothing_was_lost = await self._finds_the_day_before(day)
        if (key := await self._bucket.read(day)) is not None:
            return key
        if self._held is not None and self._held.day == day:
            return await self._bucket.create(day, self._held.key)
        if not nothing_was_lost and not self._wait.is_over(day, began=began, now=self._elapsed()):
            raise Unavailable(UnavailableReason.SALT, retry_after=1)  # another may hold it, and be on its way
        return await self._bucket.create(day, secrets.token_bytes(SALT_BYTES))

    async def _finds_the_day_before(self, day: date) -> bool:
        """Say whether the salt of a day gone by, which we held without a break, is in the bucket still."""
        if self._held is None or self._held.day >= day or not self._verified:
            return False
        return await self._bucket.holds(self._held.day, self._held.key)
