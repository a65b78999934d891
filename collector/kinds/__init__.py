"""One file per family of facts: what is claimed, its clock rule, and what is left of it; KINDS is the only list of them."""

from typing import Final

from collector.kinds import logs, product, tracked, turns, web
from collector.kinds.kind import Kind, Kinds, kinds_by_claim

KINDS: Final[tuple[Kind, ...]] = (web.KIND, turns.KIND, product.KIND, logs.KIND, tracked.KIND)
KIND_OF: Final[Kinds] = kinds_by_claim(KINDS)
