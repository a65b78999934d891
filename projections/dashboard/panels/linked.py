"""Tables whose rows lead on, and the choices above them: what the pages about engagement, properties and revenue show."""

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.dashboard.panels.rows import flag_of, name_of
from projections.query.dimensions import Dimension


class LinkedRow(Struct, frozen=True, kw_only=True):
    """One line: what it is about and where that leads, its cells, and its bar in percent of the longest."""

    name: str
    cells: tuple[str, ...]
    href: str | None = None
    flag: str = ""
    bar: float = 0.0


class LinkedTable(Struct, frozen=True, kw_only=True):
    """One table as it is shown; ``nothing`` is said where it has no rows, ``more`` where there are more than it has."""

    name: str
    title: str
    meaning: str
    of: str
    columns: tuple[str, ...]
    rows: list[LinkedRow]
    nothing: str
    more: bool = False


class Choice(Struct, frozen=True, kw_only=True):
    """One of several pages of which one is shown."""

    title: str
    href: str
    is_on: bool


def valued_row(
    state: PageState, dimension: Dimension, value: str, cells: tuple[str, ...], *, below: str, bar: float
) -> LinkedRow:
    """Return the line of one *value*, which leads to the page *below* a site's address that keeps only this."""
    narrower = state.narrowed(dimension, value)
    return LinkedRow(
        name=name_of(dimension, value),
        flag=flag_of(dimension, value),
        href=narrower.href(below=below) if narrower else None,
        cells=cells,
        bar=bar,
    )
