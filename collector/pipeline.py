"""The walk of a request, whole. Read this first.

    recognise -> limit -> arrive -> decode -> admit -> forget -> record -> publish -> count -> word

A hit ends in exactly one of five ways: stored, dropped, rejected, refused or unavailable. The person is in a Hit and nowhere
after ``forget``.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from msgspec import Struct, field, structs

from collector.addresses import Address, Found
from collector.admit import admit, admit_fact, admit_nothing, admit_origin, refuse_other_tenant
from collector.answer import Answer, problem_of, with_quota
from collector.arrival import Arrival, BodyRoom, Head, arrive
from collector.asgi import Receive
from collector.dialects.endpoint import Endpoint, Item, Reply, Standing
from collector.hit import A_PAGE, Hit, Sender
from collector.kinds import KIND_OF
from collector.kinds.changes import changes_of
from collector.kinds.kind import Kinds, Need
from collector.limit import Limit, limit_nobody
from collector.metrics import PUBLISH_SECONDS, count
from collector.outcomes import (
    Change,
    Dropped,
    Failure,
    Outcome,
    Refused,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
    UnavailableReason,
)
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.privacy.identity import needs_secret
from collector.privacy.pseudonym import SecretSource, TenantSecret
from collector.privacy.visitor import Salt
from collector.recognise import Recognise, recognise_nobody
from collector.salts.source import SaltSource
from collector.signs import Signs
from collector.sites import Site, Sites
from collector.stream.publisher import Publisher
from collector.tally import Tally

log = logging.getLogger(__name__)

NO_SUCH_HEAD: Final = "The headers name none of the forms that this address takes; the README lists them."

Sent: TypeAlias = "asyncio.Future[Stored] | asyncio.Task[Stored] | Outcome"
# Under which site, and with which credential, a hit is counted.
Whose: TypeAlias = tuple[Site, str]


class Pipeline(Struct, frozen=True, kw_only=True):
    """What requests need on their way: who may send how much, sites, salt and secrets, the lists, publisher and tally."""

    sites: Sites
    salts: SaltSource
    secrets: SecretSource
    lists: Lists
    publisher: Publisher
    clock: Callable[[], datetime]
    room: BodyRoom
    recognise: Recognise = recognise_nobody
    limit: Limit = limit_nobody
    kinds: Kinds = field(default_factory=lambda: KIND_OF)
    tally: Tally = field(default_factory=Tally)
    signs: Signs = field(default_factory=Signs)

    async def answer(self, found: Found[Endpoint | Reply], head: Head, receive: Receive) -> Answer:
        """Carry one request from its head to the words of its answer."""
        entries = found.by_head(head.headers)
        if not entries:
            return self._no_such_head(found)
        endpoint = entries[0].part  # where the body has to decide, they ask for the same until then
        if isinstance(endpoint, Reply):
            return self._document(endpoint, head)
        sender, quota = A_PAGE, None
        try:
            sender = self._recognised_by(endpoint, head)
            quota = self.limit.of_request(sender, head)
            # A thousand events that are read only to be refused would cost as much as storing them.
            self.publisher.refuse_while_late()
            arrival = await arrive(head, receive, sender=sender, limit=endpoint.limit, room=self.room, clock=self.clock)
            self.publisher.refuse_while_late()
            endpoint = _by_body(entries, arrival.body)
            hits = _decoded(endpoint, arrival)
            if not hits:
                admit_nothing(sender, self.sites, endpoint.mount)
        except (Rejected, Refused, Unavailable) as failure:
            self._count(self.tally.site_of_sender(sender), endpoint.dialect, failure, sender.credential)
            return with_quota(endpoint.refuse(failure), quota)
        if len(hits) > 1:
            quota = self.limit.of_further_hits(sender, head, len(hits) - 1)
        everybody, outcomes = await self._outcomes(endpoint, arrival, hits)
        hour = self.tally.at(arrival.received_at)
        is_any_stored = False
        for (site, credential), outcome in zip(everybody, outcomes, strict=True):
            count(endpoint.dialect, outcome)
            hour.count(site, endpoint.dialect, outcome, credential)
            is_any_stored = is_any_stored or isinstance(outcome, Stored)
        if is_any_stored:
            PUBLISH_SECONDS.observe((), (self.clock() - arrival.received_at).total_seconds())
        try:
            _refuse_unbound(outcomes)
            return with_quota(endpoint.word(arrival, outcomes), quota)
        except (Rejected, Refused, Unavailable) as failure:
            return with_quota(endpoint.refuse(failure), quota)

    def reject(self, part: Endpoint | Reply, refusal: Rejected) -> Answer:
        """Count a request that no endpoint takes, such as one by a method of none, and word it as *part* words refusals."""
        if isinstance(part, Endpoint):
            self._count(self.tally.nowhere, part.dialect, refusal)
        return part.refuse(refusal)

    def _no_such_head(self, found: Found[Endpoint | Reply]) -> Answer:
        part, refusal = found.entries[0].part, Rejected(RejectReason.SHAPE, NO_SUCH_HEAD)
        if isinstance(part, Endpoint):
            self._count(self.tally.nowhere, part.dialect, refusal)
        return problem_of(refusal)

    def _count(self, site: Site, dialect: str, failure: Failure, credential: str = "") -> None:
        """Count a request that failed as a whole, when it did: it may never have arrived."""
        count(dialect, failure)
        self.tally.at(self.clock()).count(site, dialect, failure, credential)

    def _document(self, reply: Reply, head: Head) -> Answer:
        """Return a document, for which nothing is stored and nothing counted."""
        try:
            sender = self._recognised_by(reply, head)
            quota = self.limit.of_request(sender, head)
            if reply.of_standing is not None:
                standing = Standing(tenant=self.tally.nowhere.tenant, at=self.clock())
                return with_quota(reply.of_standing(standing), quota)
            return with_quota(reply.answer(head, sender), quota)
        except (Rejected, Refused, Unavailable) as failure:
            return reply.refuse(failure)

    def _recognised_by(self, part: Endpoint | Reply, head: Head) -> Sender:
        """Recognise who sends by what the head shows."""
        shown = None if part.shown_key is None else part.shown_key(head)
        if shown is None:
            return A_PAGE
        try:
            return self._recognise(shown, part.scope, head)
        except Refused:
            self.limit.of_request(A_PAGE, head)  # who tries out keys is somebody without one
            raise

    def _recognise(self, shown: str, scope: str, head: Head) -> Sender:
        sender = self.recognise(shown, scope)
        refuse_other_tenant(sender, head)
        return sender

    async def _outcomes(self, endpoint: Endpoint, arrival: Arrival, hits: Sequence[Item]) -> tuple[list[Whose], list[Outcome]]:
        """Return whose each of *hits* was and how it ended, in order, once JetStream has answered; none spoils another."""
        salt = self.salts.held(arrival.received_at) or await self._salt(arrival.received_at)
        at_hand = _AtHand(salt)
        sent = [self._send(hit, endpoint, arrival, at_hand) for hit in hits]
        outcomes: list[Outcome] = []
        for _, each in sent:
            if not isinstance(each, asyncio.Future):
                outcomes.append(each)
                continue
            try:
                outcomes.append(await each)
            except (Dropped, Rejected, Refused, Unavailable) as outcome:
                outcomes.append(outcome)
        return [whose for whose, _ in sent], outcomes

    async def _salt(self, at: datetime) -> Salt | Unavailable:
        """Take up the salt for *at*, which is not at hand; the hits that need it end as Unavailable when it cannot be had."""
        try:
            salt = await self.salts.of(at)
            self.publisher.refuse_while_late()  # many may have waited for it
        except Unavailable as outage:
            return outage
        return salt

    def _send(self, item: Item, endpoint: Endpoint, arrival: Arrival, at_hand: "_AtHand") -> tuple[Whose, Sent]:
        sender = arrival.sender
        site = self.tally.site_of_sender(sender)
        if isinstance(item, Rejected):
            return (site, sender.credential), item
        try:
            hit = item if isinstance(item, Hit) else item()
            if hit.shown_key is not None:
                # Before anything is done for them.
                sender = self._recognise(hit.shown_key, endpoint.scope, arrival.head)
                site = self.tally.site_of_sender(sender)
                self.limit.of_key_in_body(sender)
                hit = structs.replace(hit, sender=sender, shown_key=None)
            try:
                site = admit(hit, self.sites, endpoint.mount)
            except Dropped as dropped:
                return (self.tally.site_of_dropped(hit, self.sites), sender.credential), dropped
            admit_origin(site, arrival.head)
            self.limit.of_site(site)
            self.publisher.refuse_while_closed()
            self._look_for_signs(hit, site, arrival.head)
            return (site, sender.credential), self._submitted(hit, site, at_hand)
        except (Dropped, Rejected, Refused, Unavailable) as outcome:
            return (site, sender.credential), outcome
        except Exception as error:  # noqa: BLE001  # a defect of ours costs this item and no other
            return (site, sender.credential), defect(error)

    def _look_for_signs(self, hit: Hit, site: Site, head: Head) -> None:
        """Count what shows that something is set up wrongly, while the person is still there."""
        kind = self.kinds[type(hit.claim)]
        self.signs.see(site, hit, hit.received_at if hit.occurred_at is None else kind.happened_at(hit))
        if Need.SALT in kind.needs and not hit.sender.is_server:
            self.signs.see_visitor(site, hit.received_at, head)

    def _submitted(self, hit: Hit, site: Site, at_hand: "_AtHand") -> Sent:
        """Forget who *hit* is about and hand the fact to the publisher, once the secret is there that it may need."""
        needs, salt = self.kinds[type(hit.claim)].needs, at_hand.salt
        if isinstance(salt, Unavailable) and Need.SALT in needs:
            return salt
        day_salt = salt if isinstance(salt, Salt) and Need.SALT in needs else None
        if Need.SECRET not in needs or not needs_secret(site):
            return self._forgotten(hit, site, day_salt, None)
        if (secret := at_hand.secret(site.tenant, self.secrets)) is not None:
            return self._forgotten(hit, site, day_salt, secret)
        return asyncio.ensure_future(self._submitted_late(hit, site, day_salt))

    async def _submitted_late(self, hit: Hit, site: Site, salt: Salt | None) -> Stored:
        """Wait for the secret of the tenant, whom nobody has sent anything for yet."""
        secret = await self.secrets.of(site.tenant)
        self.publisher.refuse_while_late()
        try:
            sent = self._forgotten(hit, site, salt, secret)
        except (Dropped, Rejected, Refused, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001  # a defect of ours costs this item and no other
            raise defect(error) from None
        return await sent

    def _forgotten(self, hit: Hit, site: Site, salt: Salt | None, secret: TenantSecret | None) -> "asyncio.Future[Stored]":
        fact = forget(hit, site=site, salt=salt, lists=self.lists, kinds=self.kinds, secret=secret)
        admit_fact(site, fact)
        changes = changes_of(hit, fact)
        sent = self.publisher.submit(fact)
        return asyncio.ensure_future(_telling(changes, sent)) if changes else sent


class _AtHand(Struct, frozen=True):
    """What the hits of one request share: the day's salt, or why there is none, and the secrets of whoever they are for."""

    salt: Salt | Unavailable
    secrets: dict[str, TenantSecret] = {}  # msgspec copies it

    def secret(self, tenant: str, source: SecretSource) -> TenantSecret | None:
        """Return the secret of *tenant* where it is at hand in *source*."""
        secret = self.secrets.get(tenant)
        if secret is None and (held := source.held(tenant)) is not None:
            secret = self.secrets[tenant] = held.for_a_request()
        return secret


async def _telling(changes: tuple[Change, ...], sent: "asyncio.Future[Stored]") -> Stored:
    """Return how it ended once it is known, with what was stored otherwise than it was sent."""
    return structs.replace(await sent, changes=changes)


def defect(error: Exception) -> Unavailable:
    """Return a defect of ours as the end of a hit; the log names its type and place, never what was sent."""
    log.error("request failed", exc_info=error)
    return Unavailable(UnavailableReason.DEFECT)


def _refuse_unbound(outcomes: Sequence[Outcome]) -> None:
    """Raise Rejected where all of a request came in by a mount that no site is bound to: that is no fault of any item."""
    if outcomes and all(isinstance(each, Rejected) and each.reason is RejectReason.UNBOUND for each in outcomes):
        raise outcomes[0]  # type: ignore[misc]  # told by its type just now


def _by_body(entries: Sequence[Address[Endpoint | Reply]], body: bytes) -> Endpoint:
    for entry in entries:
        if isinstance(entry.part, Endpoint) and (entry.mark is None or entry.mark.fits_body(body)):
            return entry.part
    raise Rejected(RejectReason.SHAPE, "The body has none of the shapes that this address takes; the README lists them.")


def _decoded(endpoint: Endpoint, arrival: Arrival) -> Sequence[Item]:
    try:
        return endpoint.read(arrival)
    except (Rejected, Refused, Unavailable):
        raise
    except Exception as error:  # noqa: BLE001  # a defect of ours is counted, too
        raise defect(error) from None
