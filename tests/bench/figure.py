"""Figure: one measured number, the ceiling it stands beside, and the aim that it is held to."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

Sample = TypeVar("Sample")


class Aim(Struct, frozen=True, kw_only=True):
    """What a figure should be: its ratio where it has one, else its value."""

    at_least: float | None = None
    at_most: float | None = None

    def is_met_by(self, number: float) -> bool:
        """Say whether *number* is as good as it should be."""
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)

    def __str__(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The median of a few rounds with the lowest and the highest of them, and the median ratio to what it stands beside."""

    name: str
    value: float
    unit: str
    low: float = 0.0
    high: float = 0.0
    ratio: float | None = None
    beside: str = ""
    aim: Aim | None = None

    @property
    def is_met(self) -> bool | None:
        """Say whether the aim is met; None when there is no aim."""
        return None if self.aim is None else self.aim.is_met_by(self.value if self.ratio is None else self.ratio)


def interleaved(rounds: int, contestants: Mapping[str, Callable[[], Sample]]) -> dict[str, list[Sample]]:
    """Let each contestant run once in every round, so that what slows the machine down for a while slows all of them."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            samples[name].append(run())
    return samples


def figure(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    beside: tuple[str, Sequence[float]] | None = None,
    aim: Aim | None = None,
) -> Figure:
    """Return the figure that *values*, one of each round, amount to; *beside* names a ceiling and has its values."""
    of, ceilings = beside or ("", ())
    return Figure(
        name=name,
        value=statistics.median(values),
        unit=unit,
        low=min(values),
        high=max(values),
        ratio=median_ratio(values, ceilings) if beside else None,
        beside=of,
        aim=aim,
    )


def median_ratio(values: Sequence[float], ceilings: Sequence[float]) -> float:
    """Return the median of the rounds' ratios, each of which had one and the same machine."""
    return statistics.median(value / ceiling for value, ceiling in zip(values, ceilings, strict=True))
