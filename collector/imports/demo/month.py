"""The rhythm of the demo: how many come on which day, at which hour, and that somebody is there right now."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

from msgspec import Struct

from collector.imports.demo.origins import pick_origin
from collector.imports.demo.people import ROBOTS, person, seeded, visitor_id
from collector.imports.demo.visit import Occasion, crawl, visit
from collector.imports.demo.weighted import Weighted
from collector.privacy.enrich.sources import Sources
from collector.sites import Site
from contracts.events import WebEvent

_VISITS = 440
_WEEK = (1.05, 1.12, 1.12, 1.08, 0.95, 0.66, 0.72)  # Monday to Sunday
_GROWTH_PER_DAY = 1.011
_FEWEST = 0.5
_NOISE = 0.05
_NEWS_EVERY_DAYS, _NEWS_FACTOR = 17, 1.3
_RETURNS = 0.12
_ROBOTS_SHARE = 0.07
_NOW_HERE, _SINCE = 7, timedelta(minutes=4)

# Of the visitor's own clock: asleep at four, at work by nine, and back on the sofa.
_BUSY = (3, 2, 1, 1, 1, 2, 4, 7, 11, 14, 15, 14, 12, 13, 14, 13, 12, 11, 10, 11, 12, 11, 8, 5)
_HOURS = Weighted(*((weight, hour) for hour, weight in enumerate(_BUSY)))


class Month(Struct, frozen=True, kw_only=True):
    """A span of days that ends now; a day is the same for one seed, whenever it is asked for, but for how many come."""

    site: Site
    seed: int
    days: int
    now: datetime
    sources: Sources

    def by_day(self) -> Iterator[list[WebEvent]]:
        """Yield the facts of each day up to now, in order."""
        today = self.now.astimezone(UTC).date()
        for ago in reversed(range(self.days)):
            day = today - timedelta(days=ago)
            happened = chain(self._visits(day, ago), self._crawls(day), self._visits_now(day) if ago == 0 else ())
            kept = (event for event in happened if event.occurred_at <= self.now and _is_on(event, day))
            yield sorted(kept, key=lambda event: (event.occurred_at, event.id))

    def _visits(self, day: date, ago: int) -> Iterator[WebEvent]:
        for number in range(visits_on(day, ago, self.seed, self.site.id)):
            random = seeded(self.site.id, self.seed, day, number)
            # Some have been here before, today: it is the same person, and so the same id.
            who = random.randrange(number) if number and random.random() < _RETURNS else number
            somebody = person(
                visitor_id(self.site.id, self.seed, day, who), seeded(self.site.id, self.seed, day, "person", who)
            )
            origin = pick_origin(random, is_in_the_news=_is_in_the_news(day))
            local = timedelta(hours=_HOURS.pick(random), seconds=random.uniform(0, 3600))
            began_at = _start_of(day) + (local - somebody.ahead) % timedelta(days=1)
            yield from visit(self._occasion(day, f"visit-{number}"), somebody, origin, began_at, random)

    def _visits_now(self, today: date) -> Iterator[WebEvent]:
        minute = self.now.replace(second=0, microsecond=0).isoformat()
        for number in range(_NOW_HERE):
            name = f"now-{minute}-{number}"
            random = seeded(self.site.id, self.seed, name)
            somebody = person(visitor_id(self.site.id, self.seed, today, name), random)
            origin = pick_origin(random, is_in_the_news=False)
            began_at = self.now - _SINCE * random.random()
            yield from visit(self._occasion(today, name), somebody, origin, began_at, random)

    def _crawls(self, day: date) -> Iterator[WebEvent]:
        for number in range(int(_VISITS * _ROBOTS_SHARE)):
            random = seeded(self.site.id, self.seed, day, "robot", number)
            robot = ROBOTS.pick(random)
            began_at = _start_of(day) + timedelta(seconds=random.uniform(0, 86_400))
            crawler = visitor_id(self.site.id, self.seed, day, robot)
            yield from crawl(self._occasion(day, f"robot-{number}"), crawler, robot, began_at, random)

    def _occasion(self, day: date, name: str) -> Occasion:
        return Occasion(site=self.site, seed=self.seed, day=day, name=name, received_at=self.now, sources=self.sources)


def visits_on(day: date, ago: int, seed: int, site: str) -> int:
    """Return how many visits begin on *day*, which was *ago* days ago: a weekly rhythm, growth, and a little luck."""
    luck = 1 + seeded(site, seed, day, "luck").uniform(-_NOISE, _NOISE)
    news = _NEWS_FACTOR if _is_in_the_news(day) else 1
    return int(_VISITS * _WEEK[day.weekday()] * max(_GROWTH_PER_DAY**-ago, _FEWEST) * news * luck)


def _is_in_the_news(day: date) -> bool:
    return day.toordinal() % _NEWS_EVERY_DAYS == 0


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _is_on(event: WebEvent, day: date) -> bool:
    # At midnight UTC a visit is cut, because the salt dies; so it is here.
    return event.occurred_at.date() == day
