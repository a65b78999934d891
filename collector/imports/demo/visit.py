"""One visit of the demo -> its facts: pages, deeds, and how long each page was looked at."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from msgspec import Struct

from collector.imports.demo.deeds import deed_on
from collector.imports.demo.origins import Origin, source_of
from collector.imports.demo.people import Person
from collector.imports.demo.website import WEBSITE
from collector.privacy.enrich.sources import Sources
from collector.record import uuid8
from collector.sites import Site
from contracts.events import BotRule, EngagementMeasured, EventRecorded, Page, PageViewed, WebEvent

BATCH = "demo"

_MOST_PAGES = 12
_SPREAD = 0.7
_SHORTEST, _LONGEST = 2.0, 15 * 60.0
_LEAST_ATTENTION = 0.45


class Occasion(Struct, frozen=True, kw_only=True):
    """What all facts of a visit share; ``name`` is unique within the site, the seed and the day."""

    site: Site
    seed: int
    day: date
    name: str
    received_at: datetime
    sources: Sources

    def envelope(self, number: int, at: datetime, visitor: str, path: str) -> dict[str, Any]:
        """Return the common fields of fact *number* of the visit."""
        parts = (self.site.tenant, self.site.id, BATCH, str(self.seed), self.day.isoformat(), self.name, str(number))
        return {
            "id": uuid8(*parts),
            "tenant": self.site.tenant,
            "site": self.site.id,
            "occurred_at": at,
            "received_at": self.received_at,
            "salt_day": self.day,
            "visitor": visitor,
            "page": Page(hostname=self.site.id, path=path),
            "batch": BATCH,
        }


def visit(occasion: Occasion, person: Person, origin: Origin, began_at: datetime, random: Random) -> Iterator[WebEvent]:
    """Yield the facts of *person*'s way through the website, from *began_at* on, in order."""
    at, path, number = began_at, origin.entries.pick(random), 0
    source = source_of(origin, Page(hostname=occasion.site.id, path=path), occasion.sources)

    def shared(moment: datetime) -> dict[str, Any]:
        nonlocal number
        number += 1
        envelope = occasion.envelope(number, moment, person.visitor, path)
        about = {"device": person.device, "place": person.place, "language": person.language, "screen": person.screen}
        return envelope | {"source": source} | about

    for _ in range(_MOST_PAGES):
        screen = WEBSITE[path]
        seconds = min(max(screen.seconds * random.lognormvariate(0, _SPREAD), _SHORTEST), _LONGEST)
        left_at = at + timedelta(seconds=seconds)
        yield PageViewed(**shared(at))
        if (deed := deed_on(path, random, currency=person.currency)) is not None:
            yield EventRecorded(
                **shared(at + timedelta(seconds=seconds * random.random())),
                name=deed.name,
                props=deed.props,
                revenue=deed.revenue,
                interactive=deed.interactive,
            )
        attention = random.uniform(_LEAST_ATTENTION, 1)
        yield EngagementMeasured(
            **shared(left_at), engaged_ms=int(seconds * attention * 1000), scroll_percent=random.randint(20, 100)
        )
        if random.random() > screen.goes_on:
            return
        at, path = left_at, screen.leads_to.pick(random)


def crawl(occasion: Occasion, visitor: str, robot: str, began_at: datetime, random: Random) -> Iterator[WebEvent]:
    """Yield the pages that a robot fetches, which are kept with the verdict."""
    pages = random.choices(list(WEBSITE), k=random.randint(1, _MOST_PAGES))
    for number, path in enumerate(pages, start=1):
        at = began_at + timedelta(seconds=number * random.uniform(1, 20))
        yield PageViewed(**occasion.envelope(number, at, visitor, path), bot=BotRule.CRAWLER, bot_name=robot)
