"""The panels: which there are, and from the list of dimensions the tabs of each."""

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.query.dimensions import DIMENSIONS, Dimension, Tab
from projections.query.parameters import Who


class PanelKind(Struct, frozen=True, kw_only=True):
    """One panel: its dimensions say by ``Dimension.tab`` that they stand in it; ``nothing`` is said where there is no value."""

    name: str
    title: str
    nothing: str

    def dimensions(self) -> tuple[tuple[Dimension, Tab], ...]:
        """Return the dimensions of the panel's tabs, in their order; the first is open unless the address says otherwise."""
        mine = [(one, one.tab) for one in DIMENSIONS if one.tab is not None and one.tab.panel == self.name]
        return tuple(sorted(mine, key=lambda found: found[1].rank))


PANELS: tuple[PanelKind, ...] = (
    PanelKind(name="sources", title="Sources", nothing="Links with utm_ tags show where a campaign's visits come from."),
    PanelKind(name="pages", title="Pages", nothing="No page was seen."),
    PanelKind(name="places", title="Places", nothing="Regions need a location database; see the documentation."),
    PanelKind(name="devices", title="Devices", nothing="No device is known."),
    PanelKind(name="events", title="Events", nothing="Send one from your page: window.collector('Signup')"),
)

BOTS = PanelKind(name="bots", title="Bots", nothing="No bot came by.")


def panel_kinds(who: Who) -> tuple[PanelKind, ...]:
    """Return the panels of a page about *who*."""
    return PANELS if who is Who.HUMAN else (*PANELS, BOTS)


def open_dimension(kind: PanelKind, state: PageState) -> Dimension:
    """Return the dimension whose tab is open: the one that the address names last."""
    tabs = {dimension.name: dimension for dimension, _ in kind.dimensions()}
    return tabs[next((name for name in reversed(state.show) if name in tabs), next(iter(tabs)))]
