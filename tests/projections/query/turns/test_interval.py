"""A share of votes comes with bounds that hold the true one in 95 of 100 samples, however few votes there are."""

import random

import pytest

from projections.query.turns.interval import NOTHING, Share, wilson


def covered(chance: random.Random, *, trials: int, votes: int) -> float:
    """Return in how many percent of *trials* the interval holds the true share, which is another in each."""
    held = 0
    for _ in range(trials):
        true = chance.uniform(0.02, 0.98)
        found = wilson(sum(chance.random() < true for _ in range(votes)), votes)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 100 * true <= found.high
    return 100 * held / trials


@pytest.mark.parametrize("votes", [10, 30, 100])
def test_the_interval_holds_the_true_share_in_94_to_96_of_100_samples(votes: int):
    assert 94 <= covered(random.Random(20261118), trials=8000, votes=votes) <= 96


def test_of_no_votes_nothing_is_known():
    assert wilson(0, 0) == NOTHING == Share(percent=None, low=None, high=None)


def test_the_bounds_are_wilsons():
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for part, whole, low, high in ((81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)):
        found = wilson(part, whole)
        assert (round(found.low or 0, 2), round(found.high or 0, 2)) == (low, high)
