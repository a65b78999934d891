"""The sets of tables, and the forms of column that they share; each table stands beside the code that writes it.

SHARED is in the database's own schema, once. BOOKS is in every generation's schema and keeps its accounts. WEB, TURNS,
PRODUCT and LOGS are what the generations of these projections hold besides, and VIEWS what some of it is in words.
"""

from typing import Final

from sqlalchemy import Column, DateTime, Integer, MetaData, Text

SHARED = MetaData()
BOOKS = MetaData()
WEB = MetaData()
TURNS = MetaData()
PRODUCT = MetaData()
LOGS = MetaData()
VIEWS = MetaData()


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """Return a column of moments."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str) -> Column[str]:
    """Return a column of text in which nothing is said as an empty string."""
    return Column(name, Text, nullable=False, server_default="")


# What a view says in numbers, which mean nothing outside their generation.
NUMBERS: Final = frozenset({"site_id", "page_id", "client_id", "origin_id", "name_id", "entry_page_id", "exit_page_id"})


def numbers(*names: str) -> list[Column[int]]:
    """Return columns of NUMBERS."""
    assert NUMBERS.issuperset(names), "whoever compares generations knows them by name"  # noqa: S101  # each is listed once
    return [Column(name, Integer, nullable=False) for name in names]
