"""Garbage: Python's collector told that a batch is none, for a process that does little else than fold batches."""

import gc
from typing import Final

# A batch of five thousand facts is some hundred thousand objects that live as long as the batch and refer to no circle. Looked
# through every seven hundred, as usual, they cost a third of the processor's time.
_THRESHOLDS: Final = (50_000, 20, 50)


def look_less() -> None:
    """Have the collector leave alone for good what is loaded by now, and look through what comes more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
