"""The panels of turns: numbers and tables in words, each share of votes with the bounds that it is sure within."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from projections.dashboard.panels.tables import Number, Row, Table
from projections.dashboard.words import exactly, moment_in_words
from projections.query.turns.interval import Share
from projections.query.turns.passages import Conversations, JourneyCount
from projections.query.turns.quality import By, Quality
from projections.query.turns.votes import Comment

_SECOND = 1000
_NOT_SAID = "(not said)"
_TITLES = {
    By.MODEL: "Models",
    By.PROMPT_VERSION: "Prompt versions",
    By.STEP: "Journey steps",
    By.JOURNEY: "Journeys",
    By.PROVIDER: "Providers",
}
_COLUMNS = ("Turns", "Answered", "Median", "95th percentile", "Votes", "Approval", "Surely within", "Voted on")


def numbers_of(whole: Quality, talked: Conversations) -> list[Number]:
    """Return the numbers of the top row."""
    told = (
        ("turns", "Turns", exactly(whole.turns), "Turns that ended in the period, with an answer or without."),
        ("answered", "Answered", share(whole.answered_share), "Of these turns, those that were answered."),
        ("median", "Median", time(whole.median_ms), "Half of the answers took less."),
        ("p95", "95th percentile", time(whole.p95_ms), "One answer in twenty took longer."),
        ("votes", "Votes", exactly(whole.votes), "Votes on these turns, whenever they were cast."),
        (
            "approval",
            "Approval",
            share(whole.approval),
            f"Votes for the turn, of all; the true share lies within {bounds(whole.approval)} in 95 of 100 such samples.",
        ),
        ("voted", "Voted on", share(whole.voted_share), "Of these turns, those on which anybody voted."),
        ("conversations", "Conversations", exactly(talked.started), "Conversations that began in the period."),
    )
    return [Number(name=name, title=title, value=value, meaning=meaning) for name, title, value, meaning in told]


def tables_by(by: By, found: Sequence[Quality]) -> Table:
    """Return the table that tells turns apart *by* something."""
    rows = [
        Row(
            name=one.value or _NOT_SAID,
            cells=(
                exactly(one.turns),
                share(one.answered_share),
                time(one.median_ms),
                time(one.p95_ms),
                exactly(one.votes),
                share(one.approval),
                bounds(one.approval),
                share(one.voted_share),
            ),
        )
        for one in found
    ]
    meaning = "Turns that ended in the period; the approval's bounds hold the true one in 95 of 100 such samples"
    return Table(name=by.value, title=_TITLES[by], meaning=meaning, columns=_COLUMNS, rows=rows)


def tables_of(
    *,
    times: Mapping[str, int],
    errors: Mapping[str, int],
    journeys: Sequence[JourneyCount],
    comments: Sequence[Comment],
    zone: ZoneInfo,
) -> list[Table]:
    """Return the other tables: how long answers took, what went wrong, who got where, and what people said."""
    took = [Row(name=name, cells=(exactly(count),)) for name, count in times.items() if any(times.values())]
    failed = [Row(name=name or _NOT_SAID, cells=(exactly(count),)) for name, count in errors.items()]
    walked = [Row(name=one.journey, cells=(exactly(one.steps), exactly(one.finished))) for one in journeys]
    said = [Row(name=one.comment, cells=(_opinion(one.value), moment_in_words(one.at.astimezone(zone)))) for one in comments]
    return [
        Table(name="times", title="Latency", meaning="How long answers took", columns=("Answers",), rows=took),
        Table(name="errors", title="Failures", meaning="Turns without an answer", columns=("Turns",), rows=failed),
        Table(name="passages", title="Steps", meaning="Steps that were taken", columns=("Steps", "Finished"), rows=walked),
        Table(name="comments", title="Comments", meaning="What came with votes", columns=("Vote", "When"), rows=said),
    ]


def share(told: Share) -> str:
    """Return a share: 87.5%."""
    return "\N{EN DASH}" if told.percent is None else f"{told.percent:.1f}%"


def bounds(told: Share) -> str:
    """Return the bounds of a share: 52.9 to 97.8%."""
    return "\N{EN DASH}" if told.low is None or told.high is None else f"{told.low:.1f} to {told.high:.1f}%"


def time(milliseconds: float | None) -> str:
    """Return how long something took: 450 ms, 1.5 s."""
    if milliseconds is None:
        return "\N{EN DASH}"
    return f"{milliseconds:.0f} ms" if milliseconds < _SECOND else f"{milliseconds / _SECOND:.1f} s"


def _opinion(value: float) -> str:
    if not value:
        return "\N{EN DASH}"
    return "for" if value > 0 else "against"
