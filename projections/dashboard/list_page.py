"""The page of one dimension: all its values with all their numbers."""

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import Place
from projections.dashboard.panels import detail_columns, details_of, flag_of, name_of
from projections.query.breakdown import Row, breakdown, count_visitors
from projections.query.dimensions import Dimension
from projections.query.question import Question


class Entry(Struct, frozen=True, kw_only=True):
    """One value as it is shown."""

    name: str
    flag: str
    href: str | None
    bar: float
    numbers: tuple[str, ...]


class ListPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``more`` says that there are values which it has no room for."""

    place: Place
    controls: Controls
    dimension: Dimension
    columns: tuple[str, ...]
    entries: list[Entry]
    more: bool
    csv: str


async def list_values(connection: AsyncConnection, question: Question, dimension: Dimension, place: Place) -> ListPage:
    """Answer *question* for each value of *dimension*, for people."""
    visitors = await count_visitors(connection, question)
    answer = await breakdown(connection, question, dimension, visitors=visitors)
    most = max((row.visitors for row in answer.rows), default=1) or 1
    return ListPage(
        place=place,
        controls=controls_of(place, below=dimension.name),
        dimension=dimension,
        columns=detail_columns(dimension),
        entries=[_entry(row, dimension, place, most) for row in answer.rows],
        more=answer.more,
        csv=place.api(f"breakdown/{dimension.name}.csv"),
    )


def _entry(row: Row, dimension: Dimension, place: Place, most: int) -> Entry:
    narrower = place.narrowed(dimension, row.value)
    return Entry(
        name=name_of(dimension, row.value),
        flag=flag_of(dimension, row.value),
        href=narrower.href() if narrower else None,
        bar=round(100 * row.visitors / most, 1),
        numbers=details_of(row, dimension),
    )
