"""ASKED: every question of the stage, how each side is asked it, and how much faster than Umami's SQL it should be answered."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from tests.bench.answers import umami_questions as umami
from tests.bench.answers.people import EVENT_OF, PATH_OF, REFERRERS, SOURCE_OF
from tests.bench.answers.traffic import SITES
from tests.bench.answers.umami_rows import website_of
from tests.bench.figure import Aim

PERIODS = (30, 90)
# Two with half an hour beside the hour, two with a quarter, and clocks that change in the ninety days.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "America/Sao_Paulo"),
    *("Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"),
)
SITE = 0
OVERVIEW, SERIES = "overview", "timeseries"
_LIMIT = "10"

_PAGE, _SOURCE = 20, 3
COUNTRY, DEVICE = ("country", "DE"), ("device", "mobile")
BY_PAGE, BY_EVENT, BY_SOURCE = ("page", PATH_OF[_PAGE]), ("event", EVENT_OF[1]), ("source", SOURCE_OF[_SOURCE].name)
# What Umami knows a value by, where it is another.
_UMAMI_VALUES = {BY_SOURCE: REFERRERS[_SOURCE].removeprefix("www.")}

Statement = tuple[str, list[Any]]


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: the overview, the series of visitors, or the values of a dimension; of which days, with which filters."""

    what: str
    days: int
    zone: str = "UTC"
    filters: tuple[tuple[str, str], ...] = ()
    aim: Aim

    @property
    def name(self) -> str:
        """Return what the figure is called."""
        kept = "+".join(name for name, _ in self.filters)
        return f"{self.days} d, {self.what}{'' if self.zone == 'UTC' else f' in {self.zone}'}{f' by {kept}' if kept else ''}"

    def address(self, last: date) -> str:
        """Return where the product is asked, of the days to *last*."""
        first = last - timedelta(days=self.days - 1)
        answer = self.what if self.what in (OVERVIEW, SERIES) else f"breakdown/{self.what}"
        kept = "".join(f"&filter={name}:{value}" for name, value in self.filters)
        asked = f"period=custom&from={first}&to={last}&timezone={self.zone}&limit={_LIMIT}&metric=visitors&interval=day{kept}"
        return f"/api/stats/{SITES[SITE]}/{answer}?{asked}"

    def of_umami(self, last: date) -> list[Statement]:
        """Return what Umami executes; its overview, too, comes with that of the period before."""
        until = datetime.combine(last + timedelta(days=1), time(), UTC) - timedelta(milliseconds=1)
        filters = [(name, _UMAMI_VALUES.get((name, value), value)) for name, value in self.filters]
        period, further = timedelta(days=self.days), umami.parameters(filters)
        spans = [(until - period, until), *([(until - 2 * period, until - period)] if self.what == OVERVIEW else [])]
        return [(self._sql(filters), [website_of(SITE), *span, *further]) for span in spans]

    def _sql(self, filters: umami.Filters) -> str:
        if self.what == OVERVIEW:
            return umami.overview(filters)
        return umami.series(self.zone, filters) if self.what == SERIES else umami.values(self.what, filters)


_UNFILTERED = {OVERVIEW: 500.0, "source": 500.0, "entry_page": 200.0, "exit_page": 200.0, "page": 50.0}
_ONE_FILTER, _OTHERWISE = Aim(at_least=20.0), Aim(at_least=1.0)
OTHERS_MS = Aim(at_most=250.0)
_OTHER_FILTERS = ((COUNTRY, DEVICE), (BY_PAGE,), (BY_EVENT,))


def _asked_of(days: int) -> list[Question]:
    plain = [Question(what=what, days=days, aim=Aim(at_least=times)) for what, times in _UNFILTERED.items()]
    zones = [Question(what=SERIES, days=days, zone=zone, aim=Aim(at_least=200.0)) for zone in ZONES]
    one = [
        Question(what=what, days=days, filters=(kept,), aim=_ONE_FILTER)
        for what in (OVERVIEW, SERIES)
        for kept in (COUNTRY, BY_SOURCE)
    ]
    others = [
        Question(what=what, days=days, filters=kept, aim=_OTHERWISE)
        for kept in _OTHER_FILTERS
        for what in (OVERVIEW, SERIES, "page", "source", "browser")
    ]
    return [*plain, *zones, *one, *others]


def is_other(question: Question) -> bool:
    """Say whether *question* is one of those that are to be answered below a quarter of a second, and no slower than Umami."""
    return question.aim == _OTHERWISE


ASKED: tuple[Question, ...] = tuple(question for days in PERIODS for question in _asked_of(days))
