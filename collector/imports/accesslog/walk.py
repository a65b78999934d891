"""The walk of a line: parse -> classify -> forget -> record. Nobody is in what comes out."""

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import cast

from msgspec.structs import replace

from collector.downloads import DOWNLOAD_NAME
from collector.hit import A_PAGE, NOT_LOGGED, Hit, Person
from collector.imports.accesslog.classify import Logged, classify
from collector.imports.accesslog.client import Client, Clients
from collector.imports.accesslog.crowd import Crowd
from collector.imports.accesslog.formats import Format, reader_of
from collector.imports.accesslog.identify import Keys
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.kinds.web import EventClaim, PageviewClaim, WebClaim
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.privacy.visitor import Salt
from collector.record import fact_id
from collector.sites import Site, Sites
from contracts.events import Scalar, WebEvent
from contracts.known_events import NOT_FOUND, URL
from contracts.names import canonical_host, same_site

DEFAULT_BATCH = "accesslog-{site}"
NO_PROXIES = TrustedProxies()

_SALT_BYTES = 32
_EARLIEST = datetime(1993, 1, 1, tzinfo=UTC)
_TOLERATED_SKEW = timedelta(hours=1)


class LogWalk:
    """Turns lines into events; each UTC day of the log gets a random salt that dies with this object.

    *site* takes every line; without one a line belongs to the site of its virtual host. *batch* may hold ``{site}``.
    """

    def __init__(
        self,
        *,
        site: Site | None,
        sites: Sites,
        lists: Lists,
        clock: Callable[[], datetime],
        batch: str = DEFAULT_BATCH,
        kind: Format = Format.AUTO,
        trusted: TrustedProxies = NO_PROXIES,
    ) -> None:
        self._site = site
        self._sites = sites
        self._lists = lists
        self._batch = batch
        self._clock = clock
        self._kind = kind
        self._clients = Clients(trusted)
        self._salts: dict[date, Salt] = {}
        self.crowd = Crowd()
        self.without_user_agents = 0
        self.doubtful = 0
        self.begin()

    def begin(self) -> None:
        """Begin another log: what comes next is not of the same server, or of the same time."""
        self._keys = Keys()
        self._read = reader_of(self._kind)

    def walk(self, line: bytes) -> WebEvent:
        """Return *line* as an event, or raise Skipped."""
        request = self._read(line)
        self._keys.follow(request)
        now = self._clock()
        if not _EARLIEST <= request.at <= now + _TOLERATED_SKEW:
            raise Skipped(SkipReason.TIME)
        logged = classify(request)
        site = self._site_of(request)
        client = self._clients.client_of(request)
        if same_site(client.ip, site.id):  # where the client should stand is the virtual host
            raise Skipped(SkipReason.NO_CLIENT)
        hit = _hit(request, client, logged, site, received_at=now, batch=self._batch.format(site=site.id))
        # Its claims are all of the web family.
        fact = cast("WebEvent", forget(hit, site=site, salt=self._salt_of(request.at.date()), lists=self._lists))
        # A proxy asks for itself, too, to see whether all is well; anything else is somebody's.
        if client.is_proxy and fact.bot is None:
            raise Skipped(SkipReason.PROXY_ALONE)
        if site.leaves_out(fact):
            raise Skipped(SkipReason.EXCLUDED)
        page = fact.page
        key = self._keys.key(request.at, site.id, page.hostname, str(request.status), request.size, page.path)
        self._note(request, client, fact)
        return replace(fact, id=fact_id(key, tenant=site.tenant, site=site.id, received_at=now))

    def _note(self, request: Request, client: Client, fact: WebEvent) -> None:
        self.without_user_agents += request.user_agent is None
        if fact.bot is None:
            self.doubtful += client.is_doubtful
            self.crowd.count(visitor=fact.visitor, address=client.ip)

    def _site_of(self, request: Request) -> Site:
        """Return the site of *request*, or raise Skipped where it is none that we collect for, or asks for another's page."""
        if not request.host:
            return self._site or self._named(canonical_host(request.vhost))
        host = canonical_host(request.host)
        site = self._site or self._named(canonical_host(request.vhost) or host)
        found = self._sites.find(host, site.tenant) if host else None
        if not same_site(host, site.id) and (found is None or found.id != site.id):
            raise Skipped(SkipReason.ELSEWHERE)
        return site

    def _named(self, name: str) -> Site:
        site = self._sites.find(name) if name else None
        if site is None or not site.is_open:
            raise Skipped(SkipReason.SITE)
        return site

    def _salt_of(self, day: date) -> Salt:
        salt = self._salts.get(day)
        if salt is None:
            salt = self._salts[day] = Salt(day=day, key=secrets.token_bytes(_SALT_BYTES))
        return salt


def _hit(request: Request, client: Client, logged: Logged, site: Site, *, received_at: datetime, batch: str) -> Hit:
    # A whole address, because a path may begin with two slashes.
    url = f"http://{canonical_host(request.host or request.vhost) or site.id}{request.target}"
    return Hit(
        person=Person(ip=client.ip, user_agent=NOT_LOGGED if request.user_agent is None else request.user_agent),
        sender=A_PAGE,
        site=site.id,
        received_at=received_at,
        occurred_at=request.at,
        batch=batch,
        claim=_claim(request, logged, url),
    )


def _claim(request: Request, logged: Logged, url: str) -> WebClaim:
    match logged:
        case Logged.DOWNLOAD:
            file: dict[str, Scalar] = {URL: request.target.partition("?")[0]}
            return EventClaim(url=url, referrer=request.referrer, name=DOWNLOAD_NAME, props=file)
        case Logged.MISSING:
            return EventClaim(url=url, referrer=request.referrer, name=NOT_FOUND, interactive=False)
        case Logged.PAGE:
            return PageviewClaim(url=url, referrer=request.referrer)
