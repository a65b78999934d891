"""Facts: what visits become as the web's events, through the bytes of the stream and back, in order of time."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from contracts.codec import CODEC
from contracts.events import BotRule, EngagementMeasured, EventRecorded, Money, Page, PageViewed, WebEvent
from tests.bench.answers.people import EVENT_OF, ON_THE_SITE, PATH_OF, PURCHASE, SOURCE_OF, person_of
from tests.bench.answers.traffic import SITES, Happening, Step, Visit

TENANT = "main"
_LISTS = "0a1b2c"
_ROBOTS = ("Googlebot", "bingbot", "AhrefsBot", "GPTBot")
_DELAY = timedelta(milliseconds=150)
_MILLISECOND = timedelta(milliseconds=1)


def facts_of(visits: Sequence[Visit], day: date, seed: int) -> Iterator[WebEvent]:
    """Yield the facts of everybody's *visits* on *day* as they were stored: encoded and decoded, one after the other."""
    chance, midnight = random.Random(f"{seed}/{day}"), datetime(day.year, day.month, day.day, tzinfo=UTC)
    told = ((visit, fields_of(visit, day)) for visit in visits)
    steps = [(step.at, number, step, visit, fields) for number, (visit, fields) in enumerate(told) for step in visit.steps]
    steps.sort(key=lambda one: one[:2])
    for at, _, step, visit, fields in steps:
        moment = midnight + at * _MILLISECOND
        id_ = _id(moment, chance)
        fact = _fact(visit, step, fields | {"id": id_, "occurred_at": moment, "received_at": moment + _DELAY})
        yield CODEC.decode(CODEC.encode(fact))  # type: ignore[misc]  # the web's alone were encoded


def fields_of(visit: Visit, day: date) -> dict[str, Any]:
    """Return what every fact of *visit* says."""
    who = person_of(visit.site, visit.person)
    seen = {
        "tenant": TENANT,
        "site": SITES[visit.site],
        "salt_day": day,
        "visitor": hashlib.blake2b(b"%d/%d/%d" % (visit.site, visit.day, visit.person), digest_size=16).hexdigest(),
        "device": who.device,
        "place": who.place,
        "language": who.language,
        "screen": who.screen,
        "lists": _LISTS,
    }
    if not visit.is_robot:
        return seen
    return seen | {"bot": BotRule.CRAWLER, "bot_name": _ROBOTS[visit.person % len(_ROBOTS)]}


def _fact(visit: Visit, step: Step, fields: dict[str, Any]) -> WebEvent:
    page = _page(visit.site, step.path)
    source = SOURCE_OF[visit.source] if step is visit.steps[0] else ON_THE_SITE
    match step.happening:
        case Happening.VIEW:
            return PageViewed(page=page, source=source, **fields)
        case Happening.REPORT:
            return EngagementMeasured(
                page=page, source=source, engaged_ms=step.number, scroll_percent=step.number // 100 % 101, **fields
            )
        case Happening.EVENT:
            bought = Money(amount=f"{step.at % 90 + 10}.50", currency="EUR") if step.number == PURCHASE else None
            plan = "pro" if step.at % 3 else "team"
            return EventRecorded(
                page=page, source=source, name=EVENT_OF[step.number], props={"plan": plan}, revenue=bought, **fields
            )


@lru_cache(maxsize=1 << 17)
def _page(site: int, path: int) -> Page:
    return Page(hostname=SITES[site], path=PATH_OF[path])


def _id(moment: datetime, chance: random.Random) -> str:
    """Return a UUID of version 7, as ingest makes them."""
    milliseconds, rest = int(moment.timestamp() * 1000), f"{chance.getrandbits(72):018x}"
    stamp = f"{milliseconds:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{rest[:3]}-8{rest[3:6]}-{rest[6:]}"
