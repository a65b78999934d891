"""What was not stored in the last 24 hours, by reason and with what to do, as ingest processes tell it; and who fell silent."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, timedelta
from itertools import islice
from typing import Final

from msgspec import UNSET

from collector.cli.checks.finding import Finding, good, odd
from collector.cli.clock import utc_now
from collector.outcomes import DropReason, RefuseReason, RejectReason, UnavailableReason
from collector.settings import Settings
from contracts.tallies import Ending
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.query.problems import Refused
from projections.query.tallies import Ended, NotStored, UnknownSite, not_stored, summed
from projections.query.web.sites import site_names

_SUBJECT: Final = "Not stored"
_LATE: Final = timedelta(seconds=60)
_NAMES_SHOWN: Final = 5
_SAME_ID: Final = "Who comes back with the same id is stored once."
_MEND_SENDER: Final = (
    "Each was answered with a problem document that says which part is wrong and what to do: mend the sender by it."
)

# For what happens on purpose there is nothing to do.
ADVICE: Final[Mapping[str, str]] = {
    DropReason.UNKNOWN_SITE: "Mend a misspelt name in the page's snippet, or add the site, or list it in COLLECTOR_SITES.",
    DropReason.SITE_CLOSED: "The site, or its tenant, is archived or erased: take the snippet out of its pages, or restore it.",
    DropReason.FOREIGN_ORIGIN: "A page of an origin that the site does not allow sends for it: add its origin, or leave it so.",
    DropReason.EXCLUDED: "",
    DropReason.PRIVACY_SIGNAL: "",
    DropReason.PREFETCH: "",
    **dict.fromkeys(RejectReason, _MEND_SENDER),
    RejectReason.TOO_LARGE: "Send batches of fewer or smaller events; the answer says how many bytes are taken.",
    RefuseReason.UNAUTHENTICATED: "The sender shows no key, or one that is not known here: give it one that is.",
    RefuseReason.FORBIDDEN: "The sender's key does not allow this: give it one that does.",
    RefuseReason.RATE_LIMITED: (
        "One address, key or site sends more than it may. Have it send less at once, or raise COLLECTOR_LIMIT_ADDRESS, _KEY or "
        "_SITE; a proxy in front of everybody belongs into COLLECTOR_TRUSTED_PROXIES."
    ),
    UnavailableReason.STREAM_DISCONNECTED: f"NATS was away: see what is said of it above. {_SAME_ID}",
    UnavailableReason.STREAM_TIMEOUT: f"NATS was slow to confirm: look at its disk and its log. {_SAME_ID}",
    UnavailableReason.STREAM_FULL: f"Raise COLLECTOR_STREAM_MAX_BYTES, below what the disk has. {_SAME_ID}",
    UnavailableReason.STREAM_REFUSED: f"See what is said of the stream above, and the log of the ingest process. {_SAME_ID}",
    UnavailableReason.STREAM_ABSENT: f"A leader of the stream was being chosen, as when a node of a cluster dies. {_SAME_ID}",
    RejectReason.UNBOUND: "Bind a site to the system that sends, with `collector sites bind`, or stop what sends.",
    UnavailableReason.SECRET: "Let ingest reach the vault: is NATS up, the master key where COLLECTOR_MASTER_KEY_FILE says?",
    UnavailableReason.SALT: f"See what is said of NATS and of the clock above. {_SAME_ID}",
    UnavailableReason.DIRECTORY: f"An ingest process had just started, and was reading tenants, sites and keys. {_SAME_ID}",
    UnavailableReason.TOKENS: f"The keys of tokens could not be read: see what is said of the vault above. {_SAME_ID}",
    UnavailableReason.OVERLOADED: f"More came than one process can take: start another `collector serve` beside it. {_SAME_ID}",
    UnavailableReason.DRAINING: "",
    UnavailableReason.DEFECT: "Collector broke down over them: its log says where. Please report it.",
}


async def examine_tallies(settings: Settings, database_url: str) -> AsyncIterator[Finding]:
    """Look at what the ingest processes have told, as far as the projector has read it."""
    caller, now = only_caller(settings.collection.tenant), utc_now()
    engine = open_engine(database_url)
    try:
        async with reading(engine, caller) as connection:
            told = await not_stored(connection, caller, await site_names(connection, caller), now)
    except Refused:
        yield odd(_SUBJECT, "is not known", "See what is said of Postgres.")
        return
    finally:
        await engine.dispose()
    if told is None:
        advice = (
            "If hits have been sent: an ingest process tells within seconds, and `collector project` has to run to read it."
        )
        yield odd(_SUBJECT, "no ingest process has told anything yet", advice)
        return
    of_none, by_site = told
    if now - of_none.as_of > _LATE:
        yield odd(_SUBJECT, f"is known until {of_none.as_of:%Y-%m-%d %H:%M:%S} UTC", "Is `collector project` running?")
    for finding in findings(of_none, summed([of_none.elsewhere, *by_site.values()])):
        yield finding


def findings(told: NotStored, endings: list[Ended]) -> Iterator[Finding]:
    """Say of *endings* what there is to do, and where there are gaps."""
    for gap in told.gaps:
        yield odd(
            "Gap",
            f"the ingest process {gap.run} (version {gap.version}) told nothing after {gap.since:%Y-%m-%d %H:%M:%S} UTC, and "
            "never said that it ended",
            "If it was killed, what it did not store in its last seconds stays unknown; what it acknowledged is in the stream. "
            "If it runs, its log says why it cannot tell.",
        )
    for ended in endings:
        text = _told(ended, told)
        advice = ADVICE.get(ended.reason, _MEND_SENDER)
        yield odd(_SUBJECT, text, advice) if advice else good(_SUBJECT, text)
    if not endings:
        yield good(_SUBJECT, "nothing in the last 24 hours, as far as it was told")


def listed(names: Iterable[str]) -> str:
    """Return the first of *names*, for there may be any number."""
    first = list(islice(names, _NAMES_SHOWN + 1))
    return f"{', '.join(first[:_NAMES_SHOWN])}{' and others' if len(first) > _NAMES_SHOWN else ''}"


def _unknown(one: UnknownSite) -> str:
    since = "" if one.since is UNSET else f", since {one.since.astimezone(UTC):%Y-%m-%d %H:00} UTC"
    return f"{one.site} ({one.hits:,}{since})"


def _told(ended: Ended, told: NotStored) -> str:
    text = f"{ended.hits:,} {ended.ending.value} ({ended.reason})"
    if ended.reason == DropReason.UNKNOWN_SITE and told.unknown_sites:
        return f"{text}: {listed(map(_unknown, told.unknown_sites))}"
    if ended.ending is not Ending.UNAVAILABLE:
        return text
    unknown = ended.hits - ended.landed - ended.not_landed
    return (
        f"{text}: {ended.landed:,} are in the stream all the same, {ended.not_landed:,} are not, of {unknown:,} it is not known"
    )
