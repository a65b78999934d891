"""STAGES: everything that is measured, in the order in which it is."""

from tests.bench import (
    backfill,
    batch,
    directory,
    families,
    ingest,
    limits,
    memory,
    noise,
    overload,
    projector,
    reads,
    rollup,
    startup,
    systems,
    whole,
)
from tests.bench.answers import stage as answers
from tests.bench.stage import Stage

STAGES: tuple[Stage, ...] = (
    startup.STAGE,
    ingest.STAGE,
    limits.STAGE,
    batch.STAGE,
    systems.STAGE,
    overload.STAGE,
    noise.STAGE,
    directory.STAGE,
    projector.STAGE,
    whole.STAGE,
    backfill.STAGE,
    families.STAGE,
    reads.STAGE,
    answers.STAGE,
    rollup.STAGE,
    memory.STAGE,
)
