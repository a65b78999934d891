"""The page of a site's actions: how much is done in the app, by how many, day by day, and with which versions."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.pages.family_page import FamilyView
from projections.dashboard.panels.tables import Number, Row, Table
from projections.dashboard.words import exactly
from projections.projections import PRODUCT
from projections.query.product.summary import ActionSummary, Counted, summary
from projections.query.question import WebQuestion


async def _compose(connection: AsyncConnection, question: WebQuestion) -> tuple[list[Number], list[Table]]:
    answer = await summary(connection, question)
    days = [Row(name=str(day.day), cells=(exactly(day.actions), exactly(day.subjects))) for day in reversed(answer.days)]
    return _numbers(answer), [
        _table("names", "Actions", "What was done, most often first", _rows(answer.names)),
        _table("days", "Days", "How much was done on each day", days),
        _table("versions", "Versions", "With which version of the app", _rows(answer.versions)),
        _table("systems", "Systems", "On which operating system", _rows(answer.systems)),
    ]


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
