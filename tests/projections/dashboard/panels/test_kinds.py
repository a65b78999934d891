"""Every dimension that names a panel stands in it."""

from projections.dashboard.panels.kinds import BOTS, PANELS
from projections.query.dimensions import DIMENSIONS


def test_every_dimension_stands_in_the_panel_that_it_names():
    shown = [dimension for kind in (*PANELS, BOTS) for dimension, _ in kind.dimensions()]
    assert sorted(one.name for one in shown) == sorted(one.name for one in DIMENSIONS if one.tab)


def test_tabs_come_by_rank_and_then_as_they_are_listed():
    (sources,) = (kind for kind in PANELS if kind.name == "sources")
    assert [tab.title for _, tab in sources.dimensions()] == [
        *("Sources", "Channels", "Referrers", "Campaigns"),
        *("UTM sources", "UTM mediums", "UTM terms", "UTM contents", "Imports"),
    ]
