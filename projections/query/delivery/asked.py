"""Asked: how the answer under way is to be handed over, for whoever makes it."""

from contextvars import ContextVar
from typing import Final

from msgspec import Struct

from projections.query.delivery.forms import FORMAT, Form
from projections.query.delivery.receipts import READ_YOUR_WRITE

# What every address of an answer may say of its delivery.
DELIVERY: Final = (FORMAT, READ_YOUR_WRITE)
# The key of a handler's opt that says how long an answer may stand without a new fact: only such a one is tagged by position.
PACE: Final = "pace"
# The key of a handler's opt that finds in a request of which facts it is; of those of web sites, where there is none.
FACTS_OF: Final = "facts_of"
# The key of a handler's opt that says that its answer changes with facts of every family.
OF_EVERY_FAMILY: Final = "of_every_family"


class Asked(Struct, frozen=True, kw_only=True):
    """How an answer is to be handed over: its ``tag`` is "" where only its content can tell; ``known`` is what they have."""

    form: Form
    tag: str
    known: str
    name: str


ASKED: Final[ContextVar[Asked | None]] = ContextVar("asked", default=None)


def form_asked() -> Form:
    """Return the form in which the answer under way is asked for."""
    asked = ASKED.get()
    return Form.JSON if asked is None else asked.form
