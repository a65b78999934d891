"""What the same visits are in Umami's tables: a row for each pageview and event of a human, and one for a person and month.

Umami salts by month where we salt by day, and does not store what it takes for a robot, nor reports of engagement.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from tests.bench.answers.people import EVENT_OF, PATH_OF, REFERRERS, SOURCE_OF, person_of
from tests.bench.answers.traffic import SITES, Happening, Visit

Row: TypeAlias = tuple[Any, ...]

SESSION_COLUMNS = (
    *("session_id", "website_id", "browser", "os", "device", "screen", "language", "country", "region", "city", "created_at"),
)
EVENT_COLUMNS = (
    *("event_id", "website_id", "session_id", "visit_id", "created_at", "url_path", "url_query"),
    *("utm_source", "utm_medium", "utm_campaign", "referrer_path", "referrer_domain", "page_title"),
    *("event_type", "event_name", "hostname"),
)
_MILLISECOND = timedelta(milliseconds=1)
_PAGEVIEW, _CUSTOM = 1, 2
# In pixels, where we have classes.
_SCREENS = {"small": "390x844", "medium": "820x1180", "large": "1280x800", "wide": "1920x1080"}


def website_of(site: int) -> UUID:
    """Return the id of a site."""
    return _uuid(b"website/%d" % site)


def sessions_of(visits: Sequence[Visit], day: date, known: set[bytes]) -> Iterator[Row]:
    """Yield a row for each of the people of *visits* who were not there in the month of *day* before; *known* are those."""
    midnight = _midnight(day)
    for visit in visits:
        key = _session_key(visit, day)
        if visit.is_robot or key in known:
            continue
        known.add(key)
        who, began = person_of(visit.site, visit.person), midnight + visit.steps[0].at * _MILLISECOND
        device = who.device
        screen, place = _SCREENS[who.screen], who.place
        words = (device.browser, device.os, device.kind.value, screen, who.language, place.country, place.region, None)
        yield (UUID(bytes=key, version=4), website_of(visit.site), *words, began)


def events_of(visits: Sequence[Visit], day: date) -> Iterator[Row]:
    """Yield the rows of *visits* on *day*, in no order of time."""
    midnight = _midnight(day)
    for visit in visits:
        if visit.is_robot:
            continue
        website, session = website_of(visit.site), UUID(bytes=_session_key(visit, day), version=4)
        one = _uuid(b"visit/%d/%d/%d/%d" % (visit.site, visit.day, visit.person, visit.steps[0].at))
        host, before = SITES[visit.site], ""
        for number, step in enumerate(step for step in visit.steps if step.happening is not Happening.REPORT):
            path, is_view = PATH_OF[step.path], step.happening is Happening.VIEW
            origin = (before, host) if before else (None, None)
            source = SOURCE_OF[visit.source] if number == 0 else None
            tags = (source.utm_source, source.utm_medium, source.utm_campaign) if source and source.utm_source else (None,) * 3
            if source and visit.source:
                origin = ("/", REFERRERS[visit.source].removeprefix("www."))
            yield (
                *(_uuid(b"event/%b/%d/%d" % (one.bytes, number, step.at)), website, session, one),
                *(midnight + step.at * _MILLISECOND, path, "", *tags, *origin, f"{path} of {host}"),
                *((_PAGEVIEW, None) if is_view else (_CUSTOM, EVENT_OF[step.number])),
                host,
            )
            before = path


def _session_key(visit: Visit, day: date) -> bytes:
    return _digest(b"session/%d/%d/%d" % (visit.site, visit.person, day.month))


def _uuid(text: bytes) -> UUID:
    return UUID(bytes=_digest(text), version=4)


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
