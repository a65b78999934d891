"""The list of projections: each reads every version of its family's facts that was ever published."""

import pytest

from contracts.events import CATALOGUE
from projections.projections import PROJECTIONS
from projections.projector.projection import Projection


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_no_version_of_a_fact_is_left_in_the_stream_for_want_of_a_reader(projection: Projection):
    assert set(projection.facts) == {fact for fact in CATALOGUE if fact.family == projection.family.name}
