"""The axis of a chart ends at a round number that a quarter of is round, too."""

import pytest

from projections.dashboard.panels.chart import ceiling
from projections.query.metrics import Unit


@pytest.mark.parametrize(
    ("unit", "largest", "top"),
    [
        (Unit.COUNT, 0, 4),
        (Unit.COUNT, 5, 8),
        (Unit.COUNT, 41, 60),
        (Unit.MEAN, 0.7, 1),
        (Unit.MEAN, 4.1, 6),
        (Unit.PERCENT, 12, 100),
        (Unit.SECONDS, 0, 4),
        (Unit.SECONDS, 90, 120),
        (Unit.SECONDS, 10**6, 10**6),
    ],
)
def test_an_axis_ends_at_a_round_number(unit: Unit, largest: float, top: float):
    assert ceiling(unit, largest) == top
