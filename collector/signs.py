"""Signs: what shows that something is set up wrongly for a site, by the hour, in numbers alone; told only where it does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from collector.arrival import Head
from collector.dialects.browser import site_of_page
from collector.hit import Hit
from collector.privacy.crowd import Crowd
from collector.privacy.site_name import plausible_site
from collector.sites import Site, Sites
from contracts.tallies import SignLine, TallySigns, hour_of

# Of more sites in an hour nothing is told: who may invent names shall not fill the stream.
MOST_SITES: Final = 1_000
# However long the names are, so many lines fit into a message.
PART_LINES: Final = 80
KEPT: Final = timedelta(hours=2)
# From this share on it is no stray, such as one visitor's own proxy.
_SHARE: Final = 4
_LONGEST_ORIGIN: Final = 300


class _Seen:
    """What was seen of one site in one hour; ``told`` is what was confirmed last."""

    def __init__(self) -> None:
        self.crowd = Crowd()
        self.hits = self.ahead = self.behind = self.loaded = 0
        self.told: SignLine | None = None
        self.part: int | None = None

    def is_odd(self) -> bool:
        """Say whether there is anything to tell."""
        crowd = self.crowd
        return (
            crowd.unread * _SHARE > crowd.hits
            or (crowd.agents > crowd.addresses and crowd.agents >= 3 * crowd.addresses)
            or self.ahead + self.behind > 0
            or (self.loaded > 0 and self.hits == 0)
        )

    def line(self, tenant: str, site: str) -> SignLine:
        """Return it as it is told."""
        crowd = self.crowd
        return SignLine(
            tenant=tenant,
            site=site,
            hits=self.hits,
            pages=crowd.hits,
            unread=crowd.unread,
            private=crowd.private,
            addresses=crowd.addresses,
            agents=crowd.agents,
            ahead=self.ahead,
            behind=self.behind,
            loaded=self.loaded,
        )


class _Hour:
    """What was seen in the hour that ``begins``, by tenant and site; parts are filled in the order in which sites were told."""

    def __init__(self, begins: datetime) -> None:
        self.begins, self.ends = begins, begins + timedelta(hours=1)
        self.seen: dict[tuple[str, str], _Seen] = {}
        self._placed = 0

    def of(self, tenant: str, site: str) -> _Seen | None:
        """Return what is seen of the *site*, or None where there are too many."""
        seen = self.seen.get((tenant, site))
        if seen is None and len(self.seen) < MOST_SITES:
            seen = self.seen[tenant, site] = _Seen()
        return seen

    def parts(self, run: str) -> Iterator[TallySigns]:
        """Yield each part in which something has changed since it was confirmed."""
        lines: dict[int, list[SignLine]] = {}
        changed: set[int] = set()
        for (tenant, site), seen in self.seen.items():
            if seen.part is None and seen.is_odd():
                seen.part, self._placed = self._placed // PART_LINES, self._placed + 1
            if seen.part is None:
                continue
            line = seen.line(tenant, site)
            lines.setdefault(seen.part, []).append(line)
            if line != seen.told:
                changed.add(seen.part)
        for part in sorted(changed):
            yield TallySigns(run=run, hour=self.begins, part=part, lines=tuple(lines[part]))

    def close(self) -> None:
        """Hold nothing more by which somebody could be told from somebody else."""
        for seen in self.seen.values():
            seen.crowd.close()

    def is_told(self, run: str) -> bool:
        """Say whether everything has been told and confirmed."""
        return next(self.parts(run), None) is None


class Signs:
    """What this process, the run *run*, has seen and not yet told."""

    def __init__(self, run: str = "") -> None:
        self.has_seen = False
        self._run = run
        self._hours: dict[datetime, _Hour] = {}
        self._latest = _Hour(datetime.min.replace(tzinfo=UTC))
        # The origins of pages that have sent something, whatever site they named: those that load the snippet are not kept out.
        self._sending: set[bytes] = set()

    def see(self, site: Site, hit: Hit, happened_at: datetime) -> None:
        """Count a *hit* of *site*, by the clock rule of its kind; of who sent it nothing is known yet."""
        if (seen := self._at(hit.received_at).of(site.tenant, site.id)) is None:
            return
        seen.hits += 1
        if hit.occurred_at is not None and happened_at != hit.occurred_at:
            if hit.occurred_at > hit.received_at:
                seen.ahead += 1
            else:
                seen.behind += 1

    def see_visitor(self, site: Site, moment: datetime, head: Head) -> None:
        """Count whoever sent *head*, and is the visitor, for *site*."""
        if (seen := self._at(moment).of(site.tenant, site.id)) is not None:
            seen.crowd.see(head)
        origin = head.headers.get(b"origin", b"")
        if origin not in self._sending and len(origin) <= _LONGEST_ORIGIN:
            if len(self._sending) >= MOST_SITES:
                self._sending.clear()
            self._sending.add(origin)

    def see_loaded(self, moment: datetime, head: Head, sites: Sites) -> None:
        """Count that a page has fetched the snippet that has sent nothing, where it is known of which site the page is."""
        if _origin_of(head.headers.get(b"referer", b"")) in self._sending:
            return
        claimed = site_of_page(head)
        for name in dict.fromkeys((claimed, claimed.removeprefix("www."))):
            known = plausible_site(name)
            if not known or (site := sites.find(known)) is None or not site.is_open:
                continue
            if (seen := self._at(moment).of(site.tenant, site.id)) is not None:
                self.has_seen = True
                seen.loaded += 1
            return

    def changes(self) -> Iterator[TallySigns]:
        """Yield what is to be told."""
        for hour in tuple(self._hours.values()):
            yield from hour.parts(self._run)

    def confirm(self, part: TallySigns) -> None:
        """Remember that *part* is in the stream."""
        if (hour := self._hours.get(part.hour)) is None:
            return
        for line in part.lines:
            hour.seen[line.tenant, line.site].told = line

    def retell(self) -> None:
        """Take nothing for told any more: the stream was made again."""
        for hour in self._hours.values():
            for seen in hour.seen.values():
                seen.told = None

    def forget(self, now: datetime) -> None:
        """Tell nobody apart of an hour that is over, and give up what lies some hours back and is told."""
        for begins, hour in tuple(self._hours.items()):
            if hour.ends <= now:
                hour.close()
            if hour.ends + KEPT <= now and hour.is_told(self._run):
                del self._hours[begins]
                if hour is self._latest:
                    self._latest = _Hour(datetime.min.replace(tzinfo=UTC))

    def _at(self, moment: datetime) -> _Hour:
        latest = self._latest
        if latest.begins <= moment < latest.ends:
            return latest
        begins = hour_of(moment.astimezone(UTC))
        if begins > latest.begins:
            latest.close()  # also while nothing can be told
        self._latest = self._hours.get(begins) or self._hours.setdefault(begins, _Hour(begins))
        return self._latest


def _origin_of(page: bytes) -> bytes:
    return b"/".join(page.split(b"/", 3)[:3])
