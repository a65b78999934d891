"""A projector that commits its rows before it moves its position; it is killed between the two, once."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from collector.cli import main
from projections.projector import worker
from projections.projector.batch import settle
from projections.projector.endings import Endings
from projections.projector.positions import Position, hold_position, move_position
from projections.read_models.model import ReadModel
from projections.stream.item import Item


async def apply_too_early(
    engine: AsyncEngine, models: Sequence[ReadModel], position: Position, batch: Sequence[Item]
) -> tuple[Position, Endings]:
    async with engine.begin() as connection:
        await hold_position(connection, position)
        endings = await settle(connection, models, position.partition, batch)
    if len(batch) > 1:
        die_once()
    moved = position.after(batch, endings)
    async with engine.begin() as connection:
        await move_position(connection, position, moved, endings)
    return moved, endings


def die_once() -> None:
    death = Path(os.environ["COLLECTOR_DATA"]).with_name("died")
    if not death.exists():
        death.touch()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    worker.apply = apply_too_early
    main(["project"])
