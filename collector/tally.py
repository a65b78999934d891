"""Tally: how the hits of this process ended, by hour of receipt, site, dialect, reason and key; and what is still to be told.

Counting is one dictionary update, for it is done for every hit. Nothing here waits, asks for the time, or knows a transport.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Final, TypeAlias

from collector.fate import Landing
from collector.hit import Hit, Sender
from collector.outcomes import Dropped, Failure, Outcome, Refused, Rejected, Stored, Unavailable, UnavailableReason
from collector.sites import Site, Sites
from collector.strangers import Strangers
from contracts.tallies import MAX_PART_BYTES, OTHER_KEYS, OTHER_SITES, Ending, TallyLine, TallyPart, hour_of

PART_LINES: Final = 500
_PART_BYTES: Final = MAX_PART_BYTES // 2
# What a line takes besides its names: the members' own names, and three counts.
_LINE_BYTES: Final = 180
# Beyond these, lines that are new are counted as other sites: anybody may name sites where any name is one, and hours wait
# to be told while NATS is away.
MOST_IN_AN_HOUR: Final = 20_000
MOST_LINES: Final = 100_000
# Of an hour's lines as many may be a key's own: the stream keeps so many bytes, and each key would have lines for each site.
MOST_KEYED_IN_AN_HOUR: Final = 1_000
KEPT: Final = timedelta(hours=2)

# tenant, site, dialect, ending, reason, credential: a plain tuple, because one is made for each hit.
Key: TypeAlias = tuple[str, str, str, str, str, str]
# An enum's ``value`` costs as much as the rest of counting.
_STORED, _REPEATED, _DROPPED, _REJECTED, _REFUSED, _UNAVAILABLE = (ending.value for ending in Ending)


class _Part:
    """Lines of one hour that are told together, from their first time on."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.keys: list[Key] = []
        self.is_untold = True
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return len(self.keys) >= PART_LINES or self._bytes >= _PART_BYTES

    def add(self, key: Key) -> None:
        self.keys.append(key)
        self._bytes += _LINE_BYTES + sum(map(len, key))


class Hour:
    """What was received from ``begins`` until ``ends``; the tally makes it, and gives it its parts and the room for lines.

    What is counted is fresh until somebody asks what has changed: so asking costs what has changed, and not what there is.
    """

    def __init__(self, begins: datetime, tally: "Tally") -> None:
        self.begins, self.ends = begins, begins + timedelta(hours=1)
        self._tally = tally
        self._fresh: dict[Key, int] = {}
        self._hits: dict[Key, int] = {}
        self._landed: Counter[Key] = Counter()
        self._not_landed: Counter[Key] = Counter()
        self._parts: dict[int, _Part] = {}
        self._part_of: dict[Key, _Part] = {}
        self._newest: _Part | None = None
        self.keyed = 0

    def __contains__(self, key: Key) -> bool:
        """Say whether there is the line *key*."""
        return key in self._hits

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._hits)

    def count(self, site: Site, dialect: str, outcome: Outcome, credential: str = "") -> None:
        """Count one hit of *site*, which came with *credential*, by how it ended."""
        if isinstance(outcome, Stored):  # most of them
            key: Key = (site.tenant, site.id, dialect, _REPEATED if outcome.duplicate else _STORED, "", credential)
        else:
            key = (site.tenant, site.id, dialect, *_ended(outcome), credential)
        hits = self._fresh.get(key)
        if hits is None:
            key = self._line_of(key)
            hits = self._fresh.get(key, 0)
        self._fresh[key] = hits + 1
        if isinstance(outcome, Unavailable):
            self._ask_after(key, outcome)

    def amend(self, key: Key, landing: Landing) -> None:
        """Move one hit of the line *key* from those of which it is not known whether they landed."""
        self._hits.setdefault(key, 0)  # the line itself may have been told and forgotten
        self._fresh.setdefault(key, 0)
        (self._landed if landing is Landing.LANDED else self._not_landed)[key] += 1

    def changes(self, run: str, next_part: Callable[[], int]) -> Iterator[TallyPart]:
        """Yield each part in which a line has changed since it was last confirmed."""
        fresh, self._fresh = self._fresh, {}
        for key, hits in fresh.items():
            self._hits[key] += hits
            self._part(key, next_part).is_untold = True
        for part in [part for part in self._parts.values() if part.is_untold]:
            yield TallyPart(run=run, hour=self.begins, part=part.number, lines=tuple(map(self._line, part.keys)))

    def confirm(self, number: int) -> None:
        """Remember that the part *number* is in the stream as it was told last; what is fresh since is not in it."""
        if (part := self._parts.get(number)) is not None:
            part.is_untold = False

    def retell(self) -> None:
        """Take nothing for told any more."""
        for part in self._parts.values():
            part.is_untold = True

    def is_told(self) -> bool:
        """Say whether everything has been told and confirmed."""
        return not self._fresh and not any(part.is_untold for part in self._parts.values())

    def _line_of(self, key: Key) -> Key:
        if key not in self._hits:
            key = self._tally.admit_line(self, key)
            self._hits.setdefault(key, 0)
        return key

    def _ask_after(self, key: Key, outcome: Unavailable) -> None:
        if outcome.fate is None or outcome.reason is UnavailableReason.STREAM_FULL:  # which JetStream itself has said
            self._not_landed[key] += 1
            return
        outcome.fate.tell(partial(self._tally.amend, self.begins, key))

    def _part(self, key: Key, next_part: Callable[[], int]) -> _Part:
        if (part := self._part_of.get(key)) is not None:
            return part
        if self._newest is None or self._newest.is_full:
            self._newest = _Part(next_part())
            self._parts[self._newest.number] = self._newest
        self._newest.add(key)
        self._part_of[key] = self._newest
        return self._newest

    def _line(self, key: Key) -> TallyLine:
        tenant, site, dialect, ending, reason, credential = key
        return TallyLine(
            tenant=tenant,
            site=site,
            dialect=dialect,
            ending=Ending(ending),
            reason=reason,
            key_id=credential,
            hits=self._hits[key],
            landed=self._landed[key],
            not_landed=self._not_landed[key],
        )


class Tally:
    """What this process, the run *run*, has counted and not yet told; hits of nobody's site are the *tenant*'s."""

    def __init__(self, *, tenant: str = "", run: str | None = None) -> None:
        self.run = run or secrets.token_hex(8)
        self.nowhere = Site(tenant=tenant, id="")
        self.has_counted = False
        self._tenant = tenant
        self._strangers = Strangers(tenant)
        self._ours: set[tuple[str, str]] = set()
        self._hours: dict[datetime, Hour] = {}
        self._latest = Hour(datetime.min.replace(tzinfo=UTC), self)
        self._numbers = count()

    def belong_to(self, tenant: str) -> None:
        """Count hits of nobody's site as *tenant*'s from now on; "" is nobody's, for whoever runs the installation."""
        if tenant != self._tenant:
            self.nowhere = Site(tenant=tenant, id="")
            self._tenant = self._strangers.tenant = tenant

    def at(self, moment: datetime) -> Hour:
        """Return the hour that a hit received at *moment* is counted in."""
        latest = self._latest
        if latest.begins <= moment < latest.ends:
            return latest
        begins = hour_of(moment.astimezone(UTC))
        self._latest = self._hours.get(begins) or self._hours.setdefault(begins, Hour(begins, self))
        return self._latest

    def site_of_sender(self, sender: Sender) -> Site:
        """Return the site that a credential is for, for a request of which nothing else is known."""
        if not (sender.site or sender.tenant):
            return self.nowhere
        return Site(tenant=sender.tenant or self._tenant, id=sender.site)

    def site_of_dropped(self, hit: Hit, sites: Sites) -> Site:
        """Return the site under which *hit*, which nobody admitted, is counted."""
        return self._strangers.site_of(hit, sites, self._ours)

    def amend(self, begins: datetime, key: Key, landing: Landing) -> None:
        """Say what became of one hit of the line *key* in the hour that *begins*."""
        self.at(begins).amend(key, landing)

    def changes(self) -> Iterator[TallyPart]:
        """Yield what is to be told: every part that has changed since it was confirmed."""
        for hour in tuple(self._hours.values()):
            yield from hour.changes(self.run, self._numbers.__next__)

    def confirm(self, part: TallyPart) -> None:
        """Remember that *part* is in the stream."""
        if (hour := self._hours.get(part.hour)) is not None:
            hour.confirm(part.part)

    def retell(self) -> None:
        """Take nothing for told any more: the stream was made again."""
        for hour in self._hours.values():
            hour.retell()

    def forget(self, now: datetime) -> None:
        """Give up what lies some hours back and is told; a hit that is received then all the same begins a part of its own."""
        for begins, hour in tuple(self._hours.items()):
            if hour.ends + KEPT <= now and hour.is_told():
                del self._hours[begins]
                if hour is self._latest:
                    self._latest = Hour(datetime.min.replace(tzinfo=UTC), self)

    def admit_line(self, hour: Hour, key: Key) -> Key:
        """Return the line that a hit of *key*, which is new in *hour*, is counted in."""
        self.has_counted = True
        tenant, site, dialect, ending, reason, credential = key
        if credential and hour.keyed >= MOST_KEYED_IN_AN_HOUR:
            key = tenant, site, dialect, ending, reason, OTHER_KEYS
            if key in hour:
                return key
        if len(hour) >= MOST_IN_AN_HOUR or sum(map(len, self._hours.values())) >= MOST_LINES:
            return tenant, OTHER_SITES, dialect, ending, reason, ""
        hour.keyed += credential != ""
        if ending == _STORED and len(self._ours) < MOST_LINES:
            self._ours.add((tenant, site))
        return key


def _ended(outcome: Dropped | Failure) -> tuple[str, str]:
    if isinstance(outcome, Dropped):
        return _DROPPED, outcome.reason
    if isinstance(outcome, Rejected):
        return _REJECTED, outcome.reason
    if isinstance(outcome, Refused):
        return _REFUSED, outcome.reason
    return _UNAVAILABLE, outcome.reason
