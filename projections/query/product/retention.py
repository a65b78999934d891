"""Retention: of those who were first seen in a week, how many did something in each week after it.

Only who is named is found again: subjects, by their pseudonyms or ids. An anonymous visitor's id ends with its UTC day.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.asked import Asked
from projections.query.metrics import percent
from projections.query.periods import Days, midnight
from projections.query.product.summary import in_hours
from projections.read_models.telemetry import PERSON

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
MOST_WEEKS: Final = 53
ANONYMOUS: Final = (
    "Visitors of web pages are anonymous: the key that their ids are made with is destroyed at midnight UTC, so nobody can "
    "tell whether one has come back on another day, and no retention of them is shown, here or anywhere."
)


class Week(Struct, frozen=True, kw_only=True):
    """The week ``number`` after the first, which is 0: how many did something in it, and in percent of those first seen."""

    number: int
    subjects: int
    share: float


class Cohort(Struct, frozen=True, kw_only=True):
    """Who was first seen in the week that begins on the Monday ``week``; the last of ``weeks`` may still be running."""

    week: date
    subjects: int
    weeks: list[Week]


class Retention(Struct, frozen=True, kw_only=True):
    """The answer: a cohort for each week of the period, at most the newest 53."""

    site: str
    cohorts: list[Cohort]


_COHORTS = text(f"""
    WITH cohort AS MATERIALIZED (
        SELECT width_bucket(first_seen, CAST(:edges AS timestamptz[])) AS week, {PERSON} AS person
        FROM subjects WHERE tenant = :tenant AND site = :site
        AND first_seen >= :since AND first_seen < :until AND last_seen >= :since
    ), seen AS MATERIALIZED (
        SELECT week, person
        FROM unnest(CAST(:weeks_of AS integer[]), CAST(:days AS date[]), CAST(:masks AS integer[])) AS hours (week, day, mask)
        JOIN telemetry_presences AS held ON tenant = :tenant AND site = :site AND held.day = hours.day
        AND held.day BETWEEN :earliest AND :latest AND held.hours & mask <> 0
        UNION SELECT week, {PERSON}
        FROM unnest(CAST(:weeks_of_parts AS integer[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
            AS parts (week, begins, ends)
        JOIN actions ON tenant = :tenant AND site = :site AND occurred_at >= begins AND occurred_at < ends AND subject <> ''
    )
    SELECT cohort.week AS first, NULL AS week, count(*) AS subjects FROM cohort GROUP BY 1
    UNION ALL
    SELECT cohort.week, seen.week, count(*) FROM cohort JOIN seen USING (person) GROUP BY 1, 2
""")


def in_weeks(question: Asked, *, fewest: int = 1) -> Asked:
    """Return *question* about whole weeks from Monday, those that its days touch, and at least so many; none after today."""
    last = min(question.days.last, question.now.astimezone(question.zone).date())
    until = _monday(max(last, question.days.first)) + _WEEK
    since = min(_monday(question.days.first), until - fewest * _WEEK)
    return replace(question, days=Days(max(since, until - MOST_WEEKS * _WEEK), until - _DAY))


async def retention(connection: AsyncConnection, question: Asked) -> Retention:
    """Answer *question*, which is about whole weeks."""
    first, last = question.days.first, question.days.last
    mondays = [first + number * _WEEK for number in range((last - first).days // 7 + 1)]
    found: defaultdict[int, dict[int | None, int]] = defaultdict(dict)
    for row in await connection.execute(_COHORTS, _asked(question, mondays)):
        found[row.first][row.week] = row.subjects
    today = question.now.astimezone(question.zone).date()
    return Retention(
        site=question.site,
        cohorts=[_cohort(found[number], mondays, number, today) for number in range(1, len(mondays) + 1)],
    )


def _cohort(counted: dict[int | None, int], mondays: list[date], number: int, today: date) -> Cohort:
    subjects = counted.get(None, 0)
    begun = sum(monday <= today for monday in mondays)
    return Cohort(
        week=mondays[number - 1],
        subjects=subjects,
        weeks=[
            Week(number=week - number, subjects=counted.get(week, 0), share=percent(counted.get(week, 0), subjects))
            for week in range(number, begun + 1)
        ],
    )


def _asked(question: Asked, mondays: list[date]) -> dict[str, object]:
    hours, zone = in_hours(question), question.zone
    edges = [midnight(monday, zone) for monday in (*mondays, mondays[-1] + _WEEK)]

    def weeks(local: list[date]) -> list[int]:
        return [(day - mondays[0]).days // 7 + 1 for day in local]

    return {
        **{name: hours[name] for name in ("earliest", "latest", "days", "masks", "begins", "ends")},
        "weeks_of": weeks(hours["hours_of"]),
        "weeks_of_parts": weeks(hours["parts_of"]),
        "tenant": question.caller.tenant,
        "site": question.site,
        "since": edges[0],
        "until": edges[-1],
        "edges": edges,
    }


def _monday(day: date) -> date:
    return day - day.weekday() * _DAY
