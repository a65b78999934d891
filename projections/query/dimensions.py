"""The dimensions: everything that numbers can be broken down and filtered by, written once."""

from enum import Enum

from msgspec import Struct
from sqlalchemy import Column

from projections.read_models.hits import Kind


class Of(Enum):
    """What has the value: a visit has one source from beginning to end, but each of its hits has its own page."""

    VISIT = "visit"
    HIT = "hit"


class Dimension(Struct, frozen=True, kw_only=True):
    """One way to tell facts apart. ``blank`` names the facts without a value; when it is None a breakdown leaves them out.

    ``kind`` is what a breakdown by a dimension of hits counts: pageviews or events.
    """

    name: str
    title: str
    of: Of
    column: str
    meaning: str
    blank: str | None = None
    kind: Kind = Kind.PAGEVIEW

    def on(self, table_columns: object) -> Column[str]:
        """Return the column of this dimension among *table_columns*, such as ``VISITS.c``."""
        column: Column[str] = getattr(table_columns, self.column)
        return column


def _of_visit(name: str, title: str, meaning: str, *, column: str = "", blank: str | None = None) -> Dimension:
    return Dimension(name=name, title=title, of=Of.VISIT, column=column or name, meaning=meaning, blank=blank)


def _of_hit(
    name: str, title: str, meaning: str, *, column: str, blank: str | None = None, kind: Kind = Kind.PAGEVIEW
) -> Dimension:
    return Dimension(name=name, title=title, of=Of.HIT, column=column, meaning=meaning, blank=blank, kind=kind)


DIMENSIONS: tuple[Dimension, ...] = (
    _of_hit("page", "Page", "the path of a pageview, without its query", column="path"),
    _of_visit("entry_page", "Entry page", "the first page of the visit", column="entry_path"),
    _of_visit("exit_page", "Exit page", "the last page of the visit", column="exit_path"),
    _of_visit("source", "Source", "the visit's first utm_source, else its referrer's name, else Direct", blank="Direct"),
    _of_visit("channel", "Channel", "how the visit came: the GA4 default groups and AI assistants", blank="Direct"),
    _of_visit("referrer", "Referrer", "the origin of the page that linked here, of the visit's first event"),
    _of_visit("utm_source", "UTM source", "utm_source of the visit's first event"),
    _of_visit("utm_medium", "UTM medium", "utm_medium of the visit's first event"),
    _of_visit("utm_campaign", "Campaign", "utm_campaign of the visit's first event"),
    _of_visit("utm_term", "UTM term", "utm_term of the visit's first event"),
    _of_visit("utm_content", "UTM content", "utm_content of the visit's first event"),
    _of_visit(
        "country", "Country", "ISO 3166-1 code, by the browser's time zone or the operator's database", blank="Not known"
    ),
    _of_visit("region", "Region", "ISO 3166-2 code, where the operator's database gives one"),
    _of_visit("device", "Device", "desktop, mobile, tablet or other", blank="Not known"),
    _of_visit("browser", "Browser", "the family of the browser", blank="Not known"),
    _of_visit("os", "Operating system", "the family of the operating system", blank="Not known"),
    _of_hit("event", "Event", "the name of a custom event", column="name", kind=Kind.EVENT),
    _of_hit("hostname", "Hostname", "the host that the page was on", column="hostname", blank="Not known"),
    _of_hit("bot", "Bot", "the robot's name; only facts from robots have one", column="bot_name", blank="Unnamed"),
)

BY_NAME: dict[str, Dimension] = {dimension.name: dimension for dimension in DIMENSIONS}
