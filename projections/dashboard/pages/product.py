"""The page of a site's actions: how much is done in the app, by how many, day by day, and with which versions."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.pages.family_page import FamilyView
from projections.dashboard.panels.tables import Number, Row, Table
from projections.dashboard.words import exactly
from projections.projections import PRODUCT
from projections.query.product.retention import in_weeks, retention
from projections.query.product.summary import ActionSummary, Counted, summary
from projections.query.question import WebQuestion

_FEWEST_WEEKS: Final = 8


async def _compose(connection: AsyncConnection, question: WebQuestion) -> tuple[list[Number], list[Table]]:
    answer = await summary(connection, question)
    days = [Row(name=str(day.day), cells=(exactly(day.actions), exactly(day.subjects))) for day in reversed(answer.days)]
    return _numbers(answer), [
        _table("names", "Actions", "What was done, most often first", _rows(answer.names)),
        _table("days", "Days", "How much was done on each day", days),
        await _retention(connection, question),
        _table("versions", "Versions", "With which version of the app", _rows(answer.versions)),
        _table("systems", "Systems", "On which operating system", _rows(answer.systems)),
    ]


async def _retention(connection: AsyncConnection, question: WebQuestion) -> Table:
    """Return who came back in the weeks of the period, and in those before that make it worth a look."""
    weeks = in_weeks(question, fewest=_FEWEST_WEEKS)
    cohorts = [cohort for cohort in (await retention(connection, weeks)).cohorts if cohort.subjects]
    longest = max((len(cohort.weeks) for cohort in cohorts), default=0)
    return Table(
        name="retention",
        title="Retention",
        meaning="Of the subjects that were first seen in a week from Monday, those who did something in it and in each week "
        "after. A subject is whoever is named; of anonymous visitors nobody can say whether they came back",
        columns=("Subjects", *(f"Week {number}" for number in range(longest))),
        rows=[
            Row(
                name=str(cohort.week),
                cells=(
                    exactly(cohort.subjects),
                    *(f"{week.share:g}%" for week in cohort.weeks),
                    *("" for _ in range(longest - len(cohort.weeks))),
                ),
            )
            for cohort in reversed(cohorts)
        ],
    )


def _table(name: str, title: str, meaning: str, rows: list[Row]) -> Table:
    return Table(name=name, title=title, meaning=meaning, columns=("Actions", "Subjects"), rows=rows)


def _numbers(answer: ActionSummary) -> list[Number]:
    return [
        Number(name="actions", title="Actions", value=exactly(answer.actions), meaning="What was recorded in the period."),
        Number(
            name="subjects",
            title="Subjects",
            value=exactly(answer.subjects),
            meaning="Who did it, by their pseudonyms; what was done by nobody in particular counts no one.",
        ),
        Number(
            name="stays",
            title="Sessions",
            value=exactly(answer.stays),
            meaning="Times of a subject without a gap of more than 30 minutes, by when they began.",
        ),
    ]


def _rows(counted: Iterable[Counted]) -> list[Row]:
    return [Row(name=one.value, cells=(exactly(one.actions), exactly(one.subjects))) for one in counted]


show_actions = FamilyView(title="Actions", below="actions", of=PRODUCT, compose=_compose).handler()
