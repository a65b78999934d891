"""The walk of a line: parse -> classify -> forget -> record. Nobody is in what comes out."""

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from collector.control.sites import Site, Sites
from collector.hit import Hit, HitKind
from collector.imports.accesslog.classify import DOWNLOAD_NAME, classify
from collector.imports.accesslog.identify import Keys
from collector.imports.accesslog.parse import Request, read_line
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.privacy.visitor import Salt
from collector.record import record
from contracts.events import WebEvent
from contracts.names import canonical_host

DEFAULT_BATCH = "accesslog-{site}"

_SALT_BYTES = 32
_EARLIEST = datetime(1993, 1, 1, tzinfo=UTC)
_TOLERATED_SKEW = timedelta(hours=1)
# A robot is known by its user agent; a log without user agents cannot show that one was missing.
_NOT_LOGGED = "(not logged)"


class LogWalk:
    """Turns lines into events; each UTC day of the log gets a random salt that dies with this object.

    *site* takes every line; without one a line belongs to the site of its virtual host. *batch* may hold ``{site}``.
    """

    def __init__(
        self, *, site: Site | None, sites: Sites, lists: Lists, batch: str = DEFAULT_BATCH, clock: Callable[[], datetime]
    ) -> None:
        self._site = site
        self._sites = sites
        self._lists = lists
        self._batch = batch
        self._clock = clock
        self._salts: dict[date, Salt] = {}
        self._keys = Keys()
        self.without_user_agents = 0

    def walk(self, line: bytes) -> WebEvent:
        """Return *line* as an event, or raise Skipped."""
        request = read_line(line)
        now = self._clock()
        if not _EARLIEST <= request.at <= now + _TOLERATED_SKEW:
            raise Skipped(SkipReason.TIME)
        kind = classify(request)
        site = self._site_of(request.vhost)
        self.without_user_agents += request.user_agent is None
        hit = _hit(request, kind, site, received_at=now, batch=self._batch.format(site=site.id))
        anonymous = forget(hit, site=site, salt=self._salt_of(request.at.date()), lists=self._lists)
        page = anonymous.page
        key = self._keys.key(request.at, site.id, page.hostname, str(request.status), request.size, page.path)
        return record(replace(anonymous, key=key))

    def _site_of(self, vhost: str) -> Site:
        if self._site is not None:
            return self._site
        name = canonical_host(vhost)
        site = self._sites.find(name) if name else None
        if site is None:
            raise Skipped(SkipReason.SITE)
        return site

    def _salt_of(self, day: date) -> Salt:
        salt = self._salts.get(day)
        if salt is None:
            salt = self._salts[day] = Salt(day=day, key=secrets.token_bytes(_SALT_BYTES))
        return salt


def _hit(request: Request, kind: HitKind, site: Site, *, received_at: datetime, batch: str) -> Hit:
    is_download = kind is HitKind.EVENT
    return Hit(
        kind=kind,
        received_at=received_at,
        occurred_at=request.at,
        site=site.id,
        ip=request.ip,
        user_agent=_NOT_LOGGED if request.user_agent is None else request.user_agent,
        # A whole address, because a path may begin with two slashes.
        url=f"http://{canonical_host(request.vhost) or site.id}{request.target}",
        referrer=request.referrer,
        name=DOWNLOAD_NAME if is_download else "",
        props={"url": request.target.partition("?")[0]} if is_download else {},
        batch=batch,
    )
