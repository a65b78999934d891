"""Which dimensions stand together in a panel, written once."""

from msgspec import Struct

from projections.dashboard.links import Place
from projections.query.dimensions import BY_NAME, Dimension
from projections.query.parameters import Who


class PanelKind(Struct, frozen=True, kw_only=True):
    """One panel: its tabs as (dimension, short title), the first one open unless the address says otherwise."""

    name: str
    title: str
    tabs: tuple[tuple[str, str], ...]
    nothing: str


PANELS: tuple[PanelKind, ...] = (
    PanelKind(
        name="sources",
        title="Sources",
        tabs=(
            ("source", "Sources"),
            ("channel", "Channels"),
            ("referrer", "Referrers"),
            ("utm_campaign", "Campaigns"),
            ("utm_source", "UTM sources"),
            ("utm_medium", "Media"),
            ("utm_term", "Terms"),
            ("utm_content", "Contents"),
        ),
        nothing="Links with utm_ tags show where a campaign's visits come from.",
    ),
    PanelKind(
        name="pages",
        title="Pages",
        tabs=(("page", "Top pages"), ("entry_page", "Entry"), ("exit_page", "Exit"), ("hostname", "Hosts")),
        nothing="No page was seen.",
    ),
    PanelKind(
        name="places",
        title="Places",
        tabs=(("country", "Countries"), ("region", "Regions")),
        nothing="Regions need a location database; see the documentation.",
    ),
    PanelKind(
        name="devices",
        title="Devices",
        tabs=(("device", "Devices"), ("browser", "Browsers"), ("os", "Systems")),
        nothing="No device is known.",
    ),
    PanelKind(
        name="events",
        title="Events",
        tabs=(("event", "Events"),),
        nothing="Send one from your page: window.collector('Signup')",
    ),
)

BOTS = PanelKind(name="bots", title="Bots", tabs=(("bot", "Bots"),), nothing="No bot came by.")


def panel_kinds(who: Who) -> tuple[PanelKind, ...]:
    """Return the panels of a page about *who*."""
    return PANELS if who is Who.HUMAN else (*PANELS, BOTS)


def open_dimension(kind: PanelKind, place: Place) -> Dimension:
    """Return the dimension whose tab is open: the one that the address names last."""
    names = [name for name, _ in kind.tabs]
    return BY_NAME[next((name for name in reversed(place.show) if name in names), names[0])]
