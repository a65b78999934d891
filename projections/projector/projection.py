"""Projection: which facts become which tables, as a value that everything else loops over."""

from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Table

from contracts.events import Fact
from contracts.streams import EventStream, Family, streams_of
from projections.read_models.model import ReadModel


class Projection(Struct, frozen=True, kw_only=True):
    """A family's facts, and the read models that are made of them.

    ``facts`` are all published versions of the family's facts. ``migrations`` is the folder of the steps that make the tables
    of ``models`` in a generation's schema; those that every generation has are not its business. One that ``rolls_up`` has
    rollups among its models, which are computed beside its projectors.
    """

    name: str
    family: Family
    facts: tuple[type[Fact], ...]
    models: tuple[ReadModel, ...]
    migrations: Path
    rolls_up: bool = False

    def streams(self, partitions: int) -> tuple[EventStream, ...]:
        """Return the streams that hold its facts, one for each partition."""
        return streams_of([self.family], partitions=partitions)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Return the tables of every model."""
        return tuple(table for model in self.models for table in model.tables)

    @property
    def relations(self) -> tuple[Table, ...]:
        """Return the tables of every model, and the views."""
        return (*self.tables, *(model.view for model in self.models if model.view is not None))


class Label(NamedTuple):
    """What a loop is known by, in metrics, logs and checks."""

    projection: str
    generation: str
    partition: str

    def __str__(self) -> str:
        return "/".join(self)
