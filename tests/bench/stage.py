"""Stage: one thing that is measured, and the sentence that says what it is."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from tests.bench.figure import Figure
from tests.bench.world import World


class Stage(Struct, frozen=True, kw_only=True):
    """``measure`` brings an empty stream and a database of its own, and returns its figures."""

    name: str
    says: str
    measure: Callable[[World], Sequence[Figure]]
