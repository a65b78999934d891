"""Weighted: values that occur as often as their weights say."""

from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Weighted(Generic[Value]):
    """Values, each with its weight."""

    def __init__(self, *weighted: tuple[float, Value]) -> None:
        self._values = [value for _, value in weighted]
        self._bounds = list(accumulate(weight for weight, _ in weighted))

    def pick(self, random: Random) -> Value:
        """Return one of the values."""
        return random.choices(self._values, cum_weights=self._bounds)[0]
