"""A projector that passes one fact by without a word, once, and moves its position behind it."""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from collector.cli import main
from projections.projector import worker
from projections.projector.batch import apply
from projections.projector.endings import Endings
from projections.projector.positions import Position
from projections.read_models.model import ReadModel
from projections.stream.item import Item


async def apply_but_one(
    engine: AsyncEngine, models: Sequence[ReadModel], position: Position, batch: Sequence[Item]
) -> tuple[Position, Endings]:
    forgot = Path(os.environ["COLLECTOR_DATA"]).with_name("forgot")
    if len(batch) == 1 or forgot.exists():
        return await apply(engine, models, position, batch)
    forgot.touch()
    return await apply(engine, models, position, [*batch[:-2], batch[-1]])


if __name__ == "__main__":
    worker.apply = apply_but_one
    main(["project"])
