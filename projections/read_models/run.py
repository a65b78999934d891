"""Run: what is known of one session of a program, and how two of them become one; in any order the outcome is the same."""

from datetime import datetime

from msgspec import Struct

from contracts.events import ActionRecorded

# What Minigem's clients call the end of a program that they have run.
COMPLETED = "java.run.completed"
INTERACTIVE = "scannerUsage"
OUTPUT = "cumulativeBytesBucket"


class Run(Struct, frozen=True, kw_only=True, gc=False):
    """Actions of one session of one subject, in as few words as merging needs.

    ``ended_at`` is when it was last told that the program came to its end, None while it has not been. Of several ends the
    greatest exit code and the longest duration count; ``exit_code`` is None where none was told.
    """

    started_at: datetime
    last_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None
    duration_ms: int = 0
    is_interactive: bool = False
    output: str = ""


def run_of(event: ActionRecorded) -> Run:
    """Return the run that consists of *event* alone."""
    at, props = event.occurred_at, event.props
    output = props.get(OUTPUT, "")
    return Run(
        started_at=at,
        last_at=at,
        ended_at=at if event.name == COMPLETED else None,
        exit_code=event.exit_code,
        duration_ms=event.duration_ms or 0,
        is_interactive=props.get(INTERACTIVE) is True,
        output=output if isinstance(output, str) else str(output),
    )


def join(one: Run, other: Run) -> Run:
    """Return the run that has the actions of both."""
    return Run(
        started_at=min(one.started_at, other.started_at),
        last_at=max(one.last_at, other.last_at),
        ended_at=max((at for at in (one.ended_at, other.ended_at) if at is not None), default=None),
        exit_code=max((code for code in (one.exit_code, other.exit_code) if code is not None), default=None),
        duration_ms=max(one.duration_ms, other.duration_ms),
        is_interactive=one.is_interactive or other.is_interactive,
        output=max(one.output, other.output),
    )
