"""Whatever becomes of one node, or of all three: every acknowledged event counts once, and the day has one salt."""

import os

import pytest

from tests.cluster.trials import TRIALS, Trial
from tests.cluster.world import World

# One for every change; `make cluster` runs all of them.
CHOSEN = TRIALS if os.environ.get("CLUSTER") == "all" else TRIALS[:1]


@pytest.mark.parametrize("trial", CHOSEN)
async def test_every_acknowledged_event_counts_once_and_the_day_has_one_salt(world: World, trial: Trial):
    await trial(world)
