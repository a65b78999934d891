"""The ingest role as a whole: opens what the walk needs, keeps streams and salt in order, and says whether it is ready."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final, TypedDict

from msgspec import Struct

from collector import __version__
from collector.app import IngestApp
from collector.arrival import BodyRoom
from collector.care import Care
from collector.control.directory import Directory, collected_sites, tenant_of_strangers
from collector.control.follow import Follower
from collector.control.listed_once import ListedOnce
from collector.control.recognition import recogniser
from collector.control.secrets_at_hand import SecretsAtHand
from collector.control.token_keys import TokenKeys
from collector.control.vault import Vault
from collector.dialects import DIALECTS, Dialects
from collector.dialects.minigem import strictly
from collector.jobs import schedule
from collector.kinds import KINDS
from collector.kinds.kind import Kind, kinds_by_claim
from collector.limit import Limit, LimitByPace
from collector.local.key_place import master_key_file
from collector.metrics import SERVICE_INFO, watch_salt
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.recognise import Recognise
from collector.salts.agreed import AgreedSalts
from collector.salts.derived import DerivedSalts
from collector.salts.precedence import NOBODY_ELSE
from collector.settings import IngestSettings, SaltMode
from collector.stream import connection as broker
from collector.stream.condition import Condition
from collector.stream.connection import Connection
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from collector.stream.teller import Teller
from collector.tally import Tally
from collector.upkeep import running_beside
from contracts.flowcore import DATA_CORE, FLOW_TYPE
from contracts.streams import FAMILIES, Family

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 3.0


class Offer(Struct, frozen=True, kw_only=True):
    """What an ingest half takes: dialects, kinds of claims, families of facts; and who may send how much, if others say it.

    ``recognise`` is None where the keys of the control plane and of the settings are the ones that there are, and ``limit``
    where the settings say it.
    """

    dialects: Dialects = DIALECTS
    kinds: tuple[Kind, ...] = KINDS
    families: tuple[Family, ...] = FAMILIES
    recognise: Recognise | None = None
    limit: Limit | None = None


OUR_OFFER: Final = Offer()


class Ingest:
    """The running ingest half: its ``app``, the ``care`` that is taken of what it needs, its health and its end."""

    def __init__(
        self, app: IngestApp, care: Care, publisher: Publisher, teller: Teller, salts: AgreedSalts | DerivedSalts
    ) -> None:
        self.app = app
        self.care = care
        self.teller = teller
        self.salts = salts
        self._publisher = publisher

    def checks(self) -> dict[str, str]:
        """Return what readiness depends on: name -> "" when good, else what is wrong; a Note is no reason to be not ready."""
        return self.care.problems()

    async def drain(self, seconds: float) -> None:
        """Wait until every event under way has its answer, for at most *seconds*."""
        await self._publisher.drain(seconds)


@contextlib.asynccontextmanager
async def open_ingest(
    settings: IngestSettings,
    nats_url: str,
    clock: Callable[[], datetime],
    *,
    offer: Offer = OUR_OFFER,
    precedence: timedelta = NOBODY_ELSE,
) -> AsyncIterator[Ingest]:
    """Open the ingest half on *nats_url*; without NATS it opens too, and answers 503 until NATS is there.

    A stream whose settings have drifted is refused with StreamDrifted when NATS is there at the start. *precedence* is given
    to others who may hold the day's salt, where this may not be the only ingest half there is.
    """
    care: Care | None = None

    def on_loss() -> None:
        if care is not None:
            care.doubt()

    def on_refusal() -> None:
        if care is not None:
            care.recheck_streams()

    client = await broker.connect(nats_url, on_loss=on_loss)
    try:
        streams, salts = _streams(settings, client, offer), _salts(settings, client, clock, precedence)
        async with (
            _teller(settings, client, clock) as teller,  # outside: what the publisher's end leaves unconfirmed is told, too
            Publisher(client, streams, on_refusal=on_refusal) as publisher,
        ):
            condition = Condition(client, publisher, nats_url=nats_url, monitor_url=settings.nats.monitor_url)
            kept = (client, streams, publisher, salts, condition)
            care = Care(*kept, **_followed(settings, client, teller, clock), clock=clock)
            app = _app(settings, offer, care=care, salts=salts, publisher=publisher, teller=teller, clock=clock)
            async with _looked_after(care, condition, salts, _listed(settings, client, nats_url, clock)):
                _announce(settings, salts, clock)
                yield Ingest(app, care, publisher, teller, salts)
    finally:
        await broker.disconnect(client)


@contextlib.asynccontextmanager
async def _looked_after(
    care: Care, condition: Condition, salts: AgreedSalts | DerivedSalts, listed: ListedOnce
) -> AsyncIterator[None]:
    """Follow what is decided, look once before anything is taken, and then for as long as it is."""
    async with running_beside(care.follower.watch()):
        await _first_look(care)
        work = (care.watch(), condition.watch(), salts.watch(), listed.watch(), care.tokens.watch(), care.secrets.watch())
        async with running_beside(*work):
            with schedule(salts, care.recheck_streams):
                yield


def _follower(settings: IngestSettings, client: Connection, teller: Teller) -> Follower:
    directory = Directory()

    def heard() -> None:
        teller.tally.belong_to(tenant_of_strangers(settings.collection, directory))

    return Follower(client, directory, heard)


class Followed(TypedDict):
    """What is read of the control plane, beside the requests."""

    follower: Follower
    tokens: TokenKeys
    secrets: SecretsAtHand


def _followed(settings: IngestSettings, client: Connection, teller: Teller, clock: Callable[[], datetime]) -> Followed:
    vault = Vault(client, master_key_file(settings.control, settings.local), replicas=settings.stream.replicas)
    follower = _follower(settings, client, teller)
    tokens = TokenKeys(client, vault, follower.directory, clock)
    return Followed(follower=follower, tokens=tokens, secrets=SecretsAtHand(client, vault))


def _listed(settings: IngestSettings, client: Connection, nats_url: str, clock: Callable[[], datetime]) -> ListedOnce:
    return ListedOnce(client, nats_url, settings.collection, clock, replicas=settings.stream.replicas)


async def _first_look(care: Care) -> None:
    with contextlib.suppress(TimeoutError):  # a slow NATS is no reason not to start: it is looked at again and again
        async with asyncio.timeout(FIRST_LOOK_SECONDS):
            await care.see_to_it()
            await care.follower.be_level()
            await care.tokens.look()


def _warm_lists(settings: IngestSettings) -> Lists:
    lists = Lists.load(mmdb=settings.privacy.mmdb)
    lists.agents.warm()  # else the first visitor waits for it
    return lists


def _streams(settings: IngestSettings, client: Connection, offer: Offer) -> Streams:
    return Streams(
        client,
        max_bytes=settings.stream.max_bytes,
        replicas=settings.stream.replicas,
        partitions=settings.stream.partitions,
        families=offer.families,
    )


def _salts(
    settings: IngestSettings, client: Connection, clock: Callable[[], datetime], precedence: timedelta
) -> AgreedSalts | DerivedSalts:
    if settings.privacy.salt_mode is SaltMode.DERIVED:
        return DerivedSalts(settings.privacy.secret_key or "")
    return AgreedSalts(client, clock, replicas=settings.stream.replicas, precedence=precedence)


def _app(
    settings: IngestSettings,
    offer: Offer,
    *,
    care: Care,
    salts: AgreedSalts | DerivedSalts,
    publisher: Publisher,
    teller: Teller,
    clock: Callable[[], datetime],
) -> IngestApp:
    directory = care.follower.directory
    pipeline = Pipeline(
        sites=collected_sites(settings.collection, directory),
        salts=salts,
        secrets=care.secrets,
        lists=_warm_lists(settings),
        publisher=publisher,
        clock=clock,
        room=BodyRoom(),
        recognise=offer.recognise or recogniser(directory, settings.collection.api_keys, clock, read_token=care.tokens.sender),
        limit=offer.limit or LimitByPace(settings.limits, time.monotonic),
        kinds=kinds_by_claim(offer.kinds),
        tally=teller.tally,
        signs=teller.signs,
    )
    dialects = strictly(offer.dialects) if settings.minigem.is_strict else offer.dialects
    # The ids of who migrates follow from the Flowcore collector's own rule.
    is_derived = settings.privacy.salt_mode is SaltMode.DERIVED
    trusted = TrustedProxies.parse(settings.http.trusted_proxies, names_nobody=is_derived)
    return IngestApp(pipeline, trusted=trusted, dialects=dialects)


def _teller(settings: IngestSettings, client: Connection, clock: Callable[[], datetime]) -> Teller:
    return Teller(client, Tally(tenant=settings.collection.tenant), clock=clock, replicas=settings.stream.replicas)


def _announce(settings: IngestSettings, salts: AgreedSalts | DerivedSalts, clock: Callable[[], datetime]) -> None:
    watch_salt(clock, salts.rotated_at)
    mode, salt_mode = settings.collection.mode.value, settings.privacy.salt_mode.value
    SERVICE_INFO.labels(__version__, mode, settings.collection.tenant, salt_mode, DATA_CORE, FLOW_TYPE).set(1)
