"""Home: what a site itself says about days: the zone that they begin in, and with which of them its facts begin."""

from datetime import date, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from projections.query.asked import is_zone
from projections.query.periods import Days, Period, named_days
from projections.query.question import WebQuestion, fitting_interval

USUAL_ZONE: Final = "UTC"
Question = TypeVar("Question", bound=WebQuestion)


class Home(Struct, frozen=True, kw_only=True):
    """The time zone of a site, and the moment of its first fact, None while there is none.

    ``described`` is the version of the decisions about it and what it is called, None where nothing was decided.
    """

    timezone: str = USUAL_ZONE
    first: datetime | None = None
    described: tuple[int, str] | None = None


def at_home(question: Question, home: Home) -> Question:
    """Return *question* with what it leaves to the site, or raise Refused where it then asks for too much."""
    timezone = question.timezone if question.names_zone or not is_zone(home.timezone) else home.timezone
    zone = ZoneInfo(timezone)
    days = _days(question, question.now.astimezone(zone).date(), (home.first or question.now).astimezone(zone).date())
    interval = fitting_interval(question.interval if question.names_interval else None, days)
    return replace(question, timezone=timezone, days=days, interval=interval)


def _days(question: WebQuestion, today: date, first: date) -> Days:
    match question.period:
        case Period.CUSTOM:
            return question.days
        case Period.ALL:
            return Days(min(first, today), today)
    return named_days(question.period, today)
