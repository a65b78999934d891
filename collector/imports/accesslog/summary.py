"""What an import did, counted while it runs and told at its end; a summary holds numbers and days and nothing of a line."""

from collections import Counter
from datetime import date

from collector.imports.accesslog.crowd import Crowd
from collector.imports.accesslog.skip import SkipReason
from contracts.events import EventRecorded, PageViewed, WebEvent
from contracts.known_events import NOT_FOUND


class Summary:
    """Counts every line once: as a pageview, a download, a link that leads to nothing, or as skipped for a reason."""

    def __init__(self) -> None:
        self.lines = 0
        self.pageviews = 0
        self.downloads = 0
        self.missing = 0
        self.robots = 0
        self.skipped: Counter[SkipReason] = Counter()
        self.days: dict[str, tuple[date, date]] = {}

    def count(self, event: WebEvent) -> None:
        """Count a line that became *event*."""
        self.lines += 1
        self.robots += event.bot is not None
        if isinstance(event, PageViewed):
            self.pageviews += 1
        elif isinstance(event, EventRecorded) and event.name == NOT_FOUND:
            self.missing += 1
        else:
            self.downloads += 1
        first, last = self.days.get(event.site, (event.salt_day, event.salt_day))
        self.days[event.site] = (min(first, event.salt_day), max(last, event.salt_day))

    def skip(self, reason: SkipReason) -> None:
        """Count a line that became nothing."""
        self.lines += 1
        self.skipped[reason] += 1

    @property
    def events(self) -> int:
        """Return how many lines became events."""
        return self.pageviews + self.downloads + self.missing

    def rows(self, crowd: Crowd) -> list[tuple[int, str]]:
        """Return what the lines were, and whose, the most frequent reason first."""
        people = f"visitor{'' if crowd.visitors == 1 else 's'}{' and more' if crowd.is_over else ''}"
        addresses = f"{crowd.addresses:,} address{'' if crowd.addresses == 1 else 'es'}"
        return [
            (self.lines, "lines read"),
            (self.pageviews, "pageviews"),
            (self.downloads, "downloads"),
            (self.missing, "links that lead to nothing"),
            (self.robots, "  of these by robots"),
            (crowd.visitors, f"{people} from {addresses}"),
            (self.skipped.total(), "skipped"),
            *((number, f"  {reason.value}") for reason, number in self.skipped.most_common()),
        ]
