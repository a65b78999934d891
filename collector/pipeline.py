"""The walk: admit -> forget -> record -> publish. Read this first.

A dialect has decoded the request into hits; here each becomes an anonymous fact in the stream, or ends as Dropped, Rejected
or Unavailable. The person is in a Hit and nowhere after ``forget``.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from collector.admit import admit
from collector.control.sites import Sites
from collector.dialects.route import Outcome
from collector.hit import Hit
from collector.outcomes import Dropped, Rejected, Unavailable
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.record import record
from collector.salts.source import SaltSource
from collector.stream.parcel import Stored
from collector.stream.publisher import Publisher

Sent: TypeAlias = "asyncio.Future[Stored] | Dropped | Rejected | Unavailable"


class Pipeline(Struct, frozen=True, kw_only=True):
    """What hits need on their way: the sites, the day's salt, the lists to look things up in, the publisher."""

    sites: Sites
    salts: SaltSource
    lists: Lists
    publisher: Publisher

    async def walk(self, hits: Sequence[Hit | Rejected]) -> list[Outcome]:
        """Store each of *hits* and return how each ended, in order, once JetStream has answered; none spoils another."""
        sent = [await self._send(hit) for hit in hits]
        return [await _outcome(answer) for answer in sent]

    async def _send(self, hit: Hit | Rejected) -> Sent:
        if isinstance(hit, Rejected):
            return hit
        try:
            site = admit(hit, self.sites)
            self.publisher.refuse_while_closed()
            salt = self.salts.held(hit.received_at)
            if salt is None:
                salt = await self.salts.of(hit.received_at)
                self.publisher.refuse_while_behind()  # many may have waited for it
            anonymous = forget(hit, site=site, salt=salt, lists=self.lists)
            return self.publisher.submit(record(anonymous))
        except (Dropped, Rejected, Unavailable) as outcome:
            return outcome


async def _outcome(sent: Sent) -> Outcome:
    if not isinstance(sent, asyncio.Future):
        return sent
    try:
        return await sent
    except Unavailable as outcome:
        return outcome
