"""The last half hour, drawn: a bar for each minute in which something was seen."""

from msgspec import Struct


class MinuteBar(Struct, frozen=True, kw_only=True):
    """One minute of the last half hour, drawn: percent across, pixels down."""

    x: float
    y: float
    height: float
    title: str


def minutes_of(counts: list[int]) -> list[MinuteBar]:
    """Return the bars of *counts*, one number for each minute, oldest first."""
    most = max(counts) or 1
    width = 100 / len(counts)
    return [
        MinuteBar(
            x=round(number * width, 3),
            y=round(48 - 46 * count / most, 1),
            height=round(46 * count / most, 1),
            title=f"{len(counts) - number} min ago: {count}",
        )
        for number, count in enumerate(counts)
        if count
    ]
