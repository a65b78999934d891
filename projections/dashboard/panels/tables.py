"""The numbers and tables of a family's page: what each is called, what it means and what it says."""

from msgspec import Struct


class Number(Struct, frozen=True, kw_only=True):
    """One number of the top row, and what it means."""

    name: str
    title: str
    value: str
    meaning: str


class Row(Struct, frozen=True, kw_only=True):
    """One line of a table: what it is about, and its cells."""

    name: str
    cells: tuple[str, ...]


class Table(Struct, frozen=True, kw_only=True):
    """One table as it is shown; ``nothing`` is said where it has no rows."""

    name: str
    title: str
    meaning: str
    columns: tuple[str, ...]
    rows: list[Row]
    nothing: str = "Nothing in this period."
