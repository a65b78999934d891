"""A backfill that fails at one step of its work, in several processes and in small batches."""

import os
import sys
from collections.abc import Callable
from typing import Any

from collector.cli import differences, main
from projections import generations
from projections.projector import handover, one_site, replacement, shares, worker
from projections.projector.handover import HandOver
from projections.projector.replacement import Replacement
from projections.projector.shares import Shares
from tests.faults.doubles.failing_projector import Fail, after, before, die

BEFORE_BEGINNING = "before the generation is begun"
BEGUN = "when the generation is begun"
SHARED_OUT = "when the shares have their first messages"
BEFORE_ONE = "before the shares become one"
ONE = "when the shares are one"
CATCHES_UP = "while it catches up"
WAITS = "while it waits for the days that are added up"
COMPARES = "before it compares"
COMPARED = "when it has compared"
BEFORE_COMMIT = "in the hand-over, before the commit"
AFTER_COMMIT = "in the hand-over, after the commit"
FAREWELL = "before the farewell"
HALF_GONE = "when the old generation's months are gone"
POINTS = (
    *(BEFORE_BEGINNING, BEGUN, SHARED_OUT, BEFORE_ONE, ONE, CATCHES_UP, WAITS, COMPARES, COMPARED),
    *(BEFORE_COMMIT, AFTER_COMMIT, FAREWELL, HALF_GONE),
)
# Of one site.
SHADOW_FOLDED = "when some of the site is folded"
SITE_COMPARED = "when the site is compared"
SITE_REPLACED = "before the site's rows are committed"
SITE_FAREWELL = "before the shadow is given up"
SITE_POINTS = (SHADOW_FOLDED, SITE_COMPARED, SITE_REPLACED, SITE_FAREWELL)


def arm(point: str, fail: Fail) -> None:
    """Have *fail* called when the backfill gets to *point*."""
    owner, name, wrap = _STEPS[point]
    setattr(owner, name, wrap(getattr(owner, name), fail))


def _at_the_schema(step: Callable[[str], Any], fail: Fail) -> Callable[[str], Any]:
    def failing(statement: str) -> Any:
        if statement.startswith("DROP SCHEMA"):
            fail()
        return step(statement)

    return failing


_STEPS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    BEFORE_BEGINNING: (replacement, "begin_generation", before),
    BEGUN: (Replacement, "_begin", after),
    SHARED_OUT: (Shares, "_share_out", after),
    BEFORE_ONE: (Shares, "_note_holes", after),
    ONE: (Shares, "_become_one", after),
    CATCHES_UP: (worker, "apply", after),
    WAITS: (replacement, "is_staler", before),
    COMPARES: (differences, "compared", before),
    COMPARED: (differences.Found, "compare", after),
    BEFORE_COMMIT: (handover, "make_current", after),
    AFTER_COMMIT: (HandOver, "attempt", after),
    FAREWELL: (replacement, "farewell", before),
    HALF_GONE: (generations, "text", _at_the_schema),
    SHADOW_FOLDED: (one_site, "settle", after),
    SITE_COMPARED: (differences.Found, "compare", after),
    SITE_REPLACED: (one_site, "correct_totals", after),
    SITE_FAREWELL: (one_site, "give_up", before),
}


def share_what_little_there_is() -> None:
    """Have two processes at work, a few messages at a time."""
    shares.WORTHWHILE, shares._AT_ONCE = 1, 20
    shares.processes = lambda: 2


if __name__ == "__main__":
    if os.environ["FAILS"] in (SHARED_OUT, BEFORE_ONE, ONE):
        share_what_little_there_is()
    arm(os.environ["FAILS"], die)
    sys.exit(main(["backfill", "--projection", "web", *sys.argv[1:]]))
