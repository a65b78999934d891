"""One file per wire dialect; each only reads requests into hits and words the answers. DIALECTS is the only list of them."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from collector.addresses import Address
from collector.dialects import bilan, change66, flowcore, minigem, native, nodash, pixel
from collector.dialects.endpoint import Endpoint, Reply

Dialects: TypeAlias = tuple[Endpoint | Reply, ...]

DIALECTS: Final[Dialects] = (
    *native.ENDPOINTS,
    *pixel.ENDPOINTS,
    *bilan.ENDPOINTS,
    *nodash.ENDPOINTS,
    *minigem.ENDPOINTS,
    *change66.ENDPOINTS,
    *flowcore.ENDPOINTS,
)


def addresses_of(dialects: Iterable[Endpoint | Reply] = DIALECTS) -> tuple[Address[Endpoint | Reply], ...]:
    """Return an entry for each method of each address of *dialects*."""
    return tuple(
        Address(method=method, template=part.template, part=part, mark=part.mark)
        for part in dialects
        for method in part.methods
    )
