"""The dimensions: everything that numbers can be broken down and filtered by, each written once.

A new dimension is one entry in DIMENSIONS; with a ``tab`` it also stands in a panel of the dashboard.
"""

from enum import Enum

from msgspec import Struct
from sqlalchemy import Column

from projections.query.sums import Columns, Of
from projections.read_models.hits import Kind


class Written(Enum):
    """How people read a value."""

    AS_IT_IS = "as it is"
    CAPITALISED = "capitalised"
    COUNTRY = "the name of the country, behind its flag"
    REGION = "as it is, behind the flag of its country"


class Tab(Struct, frozen=True, kw_only=True):
    """Where the dashboard shows a dimension: the panel's name and the tab's title; those of a lower ``rank`` come first."""

    panel: str
    title: str
    rank: int = 0


class Dimension(Struct, frozen=True, kw_only=True):
    """One way to tell facts apart; its ``heading`` names all its values.

    ``blank`` names the facts without a value; when it is None a breakdown leaves them out. ``kind`` is what a breakdown by a
    dimension of hits counts: pageviews or events. ``further`` kinds have a value, too: whoever sends events and no pageviews is
    one of the visitors all the same.
    """

    name: str
    title: str
    of: Of
    column: str
    meaning: str
    tab: Tab | None = None
    blank: str | None = None
    kind: Kind = Kind.PAGEVIEW
    further: tuple[Kind, ...] = ()
    written: Written = Written.AS_IT_IS

    @property
    def heading(self) -> str:
        """Return what its values are called together."""
        return f"{self.title.removesuffix('y')}ies" if self.title.endswith("y") else f"{self.title}s"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of hits that have a value."""
        return (self.kind, *self.further)

    def on(self, table_columns: Columns) -> Column[str]:
        """Return the column of this dimension among *table_columns*, such as ``VISITS.c``."""
        column: Column[str] = getattr(table_columns, self.column)
        return column


def _of_visit(
    name: str,
    title: str,
    meaning: str,
    tab: Tab,
    *,
    column: str = "",
    blank: str | None = None,
    written: Written = Written.AS_IT_IS,
) -> Dimension:
    return Dimension(
        name=name, title=title, of=Of.VISIT, column=column or name, meaning=meaning, tab=tab, blank=blank, written=written
    )


def _of_hit(
    name: str,
    title: str,
    meaning: str,
    tab: Tab,
    *,
    column: str,
    blank: str | None = None,
    kind: Kind = Kind.PAGEVIEW,
    further: tuple[Kind, ...] = (),
) -> Dimension:
    return Dimension(
        name=name, title=title, of=Of.HIT, column=column, meaning=meaning, tab=tab, blank=blank, kind=kind, further=further
    )


def _sources(title: str, rank: int = 0) -> Tab:
    return Tab(panel="sources", title=title, rank=rank)


def _pages(title: str) -> Tab:
    return Tab(panel="pages", title=title)


def _places(title: str) -> Tab:
    return Tab(panel="places", title=title)


def _devices(title: str) -> Tab:
    return Tab(panel="devices", title=title)


DIMENSIONS: tuple[Dimension, ...] = (
    _of_hit("page", "Page", "the path of a pageview, without its query", _pages("Top pages"), column="path"),
    _of_visit("entry_page", "Entry page", "the first page of the visit", _pages("Entry"), column="entry_path"),
    _of_visit("exit_page", "Exit page", "the last page of the visit", _pages("Exit"), column="exit_path"),
    _of_visit(
        "source",
        "Source",
        "the visit's first utm_source, else its referrer's name, else Direct",
        _sources("Sources"),
        blank="Direct",
    ),
    _of_visit(
        "channel",
        "Channel",
        "how the visit came: the GA4 default groups and AI assistants",
        _sources("Channels"),
        blank="Direct",
    ),
    _of_visit(
        "referrer", "Referrer", "the origin of the page that linked here, of the visit's first event", _sources("Referrers")
    ),
    _of_visit("utm_source", "UTM source", "utm_source of the visit's first event", _sources("UTM sources", 2)),
    _of_visit("utm_medium", "UTM medium", "utm_medium of the visit's first event", _sources("UTM mediums", 2)),
    _of_visit("utm_campaign", "Campaign", "utm_campaign of the visit's first event", _sources("Campaigns", 1)),
    _of_visit("utm_term", "UTM term", "utm_term of the visit's first event", _sources("UTM terms", 2)),
    _of_visit("utm_content", "UTM content", "utm_content of the visit's first event", _sources("UTM contents", 2)),
    _of_visit(
        "country",
        "Country",
        "ISO 3166-1 code, by the browser's time zone or the operator's database",
        _places("Countries"),
        blank="Not known",
        written=Written.COUNTRY,
    ),
    _of_visit(
        "region",
        "Region",
        "ISO 3166-2 code, where the operator's database gives one",
        _places("Regions"),
        written=Written.REGION,
    ),
    _of_visit(
        "device",
        "Device",
        "desktop, mobile, tablet or other",
        _devices("Devices"),
        blank="Not known",
        written=Written.CAPITALISED,
    ),
    _of_visit("browser", "Browser", "the family of the browser", _devices("Browsers"), blank="Not known"),
    _of_visit("os", "Operating system", "the family of the operating system", _devices("Systems"), blank="Not known"),
    _of_hit(
        "event",
        "Event",
        "the name of a custom event",
        Tab(panel="events", title="Events"),
        column="name",
        kind=Kind.EVENT,
    ),
    _of_hit("hostname", "Hostname", "the host that the page was on", _pages("Hosts"), column="hostname", blank="Not known"),
    _of_hit(
        "bot",
        "Bot",
        "the robot's name; only facts from robots have one",
        Tab(panel="bots", title="Bots"),
        column="bot_name",
        blank="Unnamed",
        further=(Kind.EVENT, Kind.ENGAGEMENT),
    ),
)

# No breakdown, but a filter: what reaches a goal is decided for each site, and known once the site's goals are read.
GOAL = Dimension(
    name="goal",
    title="Goal",
    of=Of.REACHED,
    column="",
    meaning="a goal of the site that the visit has reached, by its short name",
    further=(Kind.EVENT,),
)

# Everything that visits can be kept by.
KEPT_BY: tuple[Dimension, ...] = (*DIMENSIONS, GOAL)

DIMENSION_NAMED: dict[str, Dimension] = {dimension.name: dimension for dimension in DIMENSIONS}
