"""The dimensions: everything that numbers can be broken down and filtered by, each written once.

A new dimension is one entry in DIMENSIONS; with a ``tab`` it also stands in a panel of the dashboard.
"""

from enum import Enum

from msgspec import Struct
from sqlalchemy import ColumnElement, case, func

from contracts.known_events import FILE_DOWNLOAD, NOT_FOUND, OUTBOUND_LINK, PATH, URL
from projections.query.sums import Columns, Of
from projections.read_models.hits import Kind


class Written(Enum):
    """How people read a value."""

    AS_IT_IS = "as it is"
    CAPITALISED = "capitalised"
    COUNTRY = "the name of the country, behind its flag"
    REGION = "as it is, behind the flag of its country"
    LANGUAGE = "the name of the language"


class Tab(Struct, frozen=True, kw_only=True):
    """Where the dashboard shows a dimension: the panel's name and the tab's title; those of a lower ``rank`` come first.

    ``nothing`` is said where there is no value, in the place of the panel's own words.
    """

    panel: str
    title: str
    rank: int = 0
    nothing: str = ""


class Dimension(Struct, frozen=True, kw_only=True):
    """One way to tell facts apart; its ``heading`` names all its values.

    ``blank`` names the facts without a value; when it is None a breakdown leaves them out. ``kind`` is what a breakdown by a
    dimension of hits counts: pageviews or events. ``further`` kinds have a value, too: whoever sends events and no pageviews is
    one of the visitors all the same.

    Most values stand in ``column``. That of a property stands in the property ``key`` of an event; only of those called
    ``event``, where one is named, whose value is that of the column where the property is not there. A value that goes
    ``behind`` another column's says nothing alone, as a version without its browser does.
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
    key: str = ""
    event: str = ""
    behind: str = ""

    @property
    def heading(self) -> str:
        """Return what its values are called together."""
        if self.key and not self.event:
            return self.title
        return f"{self.title.removesuffix('y')}ies" if self.title.endswith("y") else f"{self.title}s"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of hits that have a value."""
        return (self.kind, *self.further)

    @property
    def counts_events(self) -> bool:
        """Say whether it tells custom events apart, which are what a visitor converts by."""
        return self.of is Of.HIT and self.kind is Kind.EVENT

    def on(self, table_columns: Columns) -> ColumnElement[str]:
        """Return the value of this dimension out of *table_columns*, such as ``VISITS.c``; "" where there is none."""
        column: ColumnElement[str] | None = getattr(table_columns, self.column) if self.column else None
        if self.behind and column is not None:
            return case((column == "", ""), else_=func.concat(getattr(table_columns, self.behind), " ", column))
        if not self.key:
            assert column is not None, "a value stands in a column or a property"  # noqa: S101  # every entry says where
            return column
        # The key is a parameter: it holds whatever somebody called their property.
        said = table_columns.props[self.key].astext
        value = func.coalesce(said, "") if column is None else func.coalesce(func.nullif(said, ""), column)
        return case((table_columns.name == self.event, value), else_="") if self.event else value


def _of_visit(
    name: str,
    title: str,
    meaning: str,
    tab: Tab,
    *,
    column: str = "",
    blank: str | None = None,
    written: Written = Written.AS_IT_IS,
    behind: str = "",
) -> Dimension:
    return Dimension(
        name=name,
        title=title,
        of=Of.VISIT,
        column=column or name,
        meaning=meaning,
        tab=tab,
        blank=blank,
        written=written,
        behind=behind,
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


def _of_event(name: str, title: str, meaning: str, tab: Tab, *, event: str, key: str, column: str = "") -> Dimension:
    return Dimension(
        name=name, title=title, of=Of.HIT, column=column, meaning=meaning, tab=tab, kind=Kind.EVENT, event=event, key=key
    )


def _sources(title: str, rank: int = 0) -> Tab:
    return Tab(panel="sources", title=title, rank=rank)


def _pages(title: str, *, rank: int = 0, nothing: str = "") -> Tab:
    return Tab(panel="pages", title=title, rank=rank, nothing=nothing)


def _places(title: str) -> Tab:
    return Tab(panel="places", title=title)


def _events(title: str, nothing: str = "") -> Tab:
    return Tab(panel="events", title=title, nothing=nothing)


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
    _of_visit(
        "browser_version",
        "Browser version",
        "the browser with its major version",
        _devices("Versions"),
        blank="Not known",
        behind="browser",
    ),
    _of_visit("os", "Operating system", "the family of the operating system", _devices("Systems"), blank="Not known"),
    _of_visit(
        "os_version",
        "System version",
        "the operating system with its major version, where the browser tells it",
        _devices("System versions"),
        blank="Not known",
        behind="os",
    ),
    _of_visit(
        "screen",
        "Screen",
        "how wide the screen is, in CSS pixels: small below 576, medium below 992, large below 1440, wide from there on",
        _devices("Screens"),
        blank="Not known",
        written=Written.CAPITALISED,
    ),
    _of_visit(
        "language",
        "Language",
        "the language that the browser asks for first",
        _places("Languages"),
        blank="Not known",
        written=Written.LANGUAGE,
    ),
    _of_visit(
        "batch",
        "Import",
        "the import that brought the visit; what came by itself has none",
        Tab(panel="sources", title="Imports", rank=3, nothing="Nothing of this period was imported."),
    ),
    _of_hit(
        "event",
        "Event",
        "the name of a custom event",
        _events("Events"),
        column="name",
        kind=Kind.EVENT,
    ),
    _of_event(
        "link",
        "Outbound link",
        "where a link led that somebody followed to another host, without its query",
        _events("Links", "Nobody followed a link to another site."),
        event=OUTBOUND_LINK,
        key=URL,
    ),
    _of_event(
        "download",
        "Download",
        "the file that somebody fetched, without its query",
        _events("Downloads", "Nobody fetched a file."),
        event=FILE_DOWNLOAD,
        key=URL,
    ),
    _of_event(
        "not_found",
        "404 page",
        "the page that was asked for and was not there",
        _pages("404", rank=1, nothing='Put data-404 into the snippet\'s tag on the page that says "not found".'),
        event=NOT_FOUND,
        key=PATH,
        column="path",
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

DIMENSION_NAMED: dict[str, Dimension] = {dimension.name: dimension for dimension in DIMENSIONS}
