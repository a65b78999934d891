"""What was not stored, in words: on a site's card, and about what belongs to no card; where nothing is known, that is said."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import UNSET, Struct, UnsetType

from contracts.tallies import Ending
from projections.dashboard.words import exactly, moment_in_words, short
from projections.query.tallies import UNKNOWN_SITE, Ended, Gap, NotStored, UnknownSite

LATE = timedelta(seconds=60)

_ENDINGS = {
    Ending.DROPPED: "dropped",
    Ending.REJECTED: "malformed",
    Ending.REFUSED: "refused",
    Ending.UNAVAILABLE: "answered 503",
}
# What says more than its code; the others are read with spaces.
REASONS = {
    "unknown_site": "no such site",
    "privacy_signal": "asked not to be counted",
    "prefetch": "fetched ahead, not seen",
    "site_closed": "the site is archived or erased",
    "excluded": "left out by the site's own choice",
    "foreign_origin": "sent by a page of another origin",
    "not_json": "not JSON",
    "not_utf8": "not UTF-8",
    "shape": "of no known shape",
    "media_type": "of another media type",
    "encoding": "encoded otherwise",
    "method": "by another method",
    "unbound": "for a system that no site is bound to",
    "rate_limited": "too many at once",
    "stream_disconnected": "NATS was away",
    "stream_timeout": "not confirmed in time",
    "stream_full": "the stream was full",
    "stream_refused": "the stream refused",
    "stream_absent": "the stream had no leader",
    "salt_unavailable": "no salt agreed",
    "secret_unavailable": "no pseudonym could be made",
    "directory_unread": "sites and keys were still being read",
    "overloaded": "too many at once",
    "draining": "stopping",
    "defect": "a defect of ours",
}


class Notice(Struct, frozen=True, kw_only=True):
    """What the page says beside the cards; an empty text is not shown. ``unnamed`` hits named no site that can be shown."""

    gap: str
    late: str
    unknown: list[UnknownSite]
    unnamed: int
    elsewhere: str


def notice_of(told: NotStored | UnsetType, now: datetime) -> Notice | None:
    """Return what there is to say, or None where nothing was ever told."""
    if told is UNSET:
        return None
    late = f"What was not stored is known until {moment_in_words(told.as_of)}." if now - told.as_of > LATE else ""
    dropped = sum(ended.hits for ended in told.elsewhere if ended.reason == UNKNOWN_SITE)
    return Notice(
        gap=_gap(told.gaps),
        late=late,
        unknown=told.unknown_sites,
        unnamed=dropped - sum(one.hits for one in told.unknown_sites),
        elsewhere=in_words(ended for ended in told.elsewhere if ended.reason != UNKNOWN_SITE),
    )


def in_words(endings: Iterable[Ended] | UnsetType) -> str:
    """Return how many hits were not stored, and why, the commonest first: 12 dropped (asked not to be counted); "" for none."""
    if endings is UNSET:
        return ""
    return ", ".join(_one(ended) for ended in endings if ended.hits)


def reason_in_words(reason: str) -> str:
    """Return *reason* as people say it."""
    return REASONS.get(reason, reason.replace("_", " "))


def _one(ended: Ended) -> str:
    words = f"{short(ended.hits)} {_ENDINGS.get(ended.ending, ended.ending.value)} ({reason_in_words(ended.reason)})"
    if not ended.landed:
        return words
    return f"{words}, {exactly(ended.landed)} of them stored all the same"


def _gap(gaps: list[Gap]) -> str:
    if not gaps:
        return ""
    since = moment_in_words(gaps[0].since)
    if len(gaps) == 1:
        return f"An ingest process has been silent since {since} and never said that it ended."
    return f"{len(gaps)} ingest processes fell silent and never said that they ended, the last at {since}."
