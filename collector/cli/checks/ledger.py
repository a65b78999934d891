"""Whether everything that was received is accounted for, by account and hour; the first hour that does not add up is named."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.cli.clock import utc_now
from collector.settings import Settings
from projections.query.ledger.answers import OddHour, TenantLedger, Whose
from projections.query.ledger.balance import Verdict
from projections.query.ledger.tenants import ledgers
from projections.query.problems import Refused

_SUBJECT: Final = "Ledger"
DAYS: Final = 7
_MISSING: Final = (
    "Run `collector backfill`: it counts what the stream holds, and changes nothing where that would lose anything. What is "
    "still missing then is not in the stream: see what is said of NATS above, and keep what files of it there are."
)
_SURPLUS: Final = (
    "Does anything but Collector publish to its streams? If not, an ingest process's tally was lost: what it did not store in "
    "that hour is not known."
)
_GAP: Final = (
    "It was killed, or could not tell: what it acknowledged is in the stream; what else became of its hits is not known."
)


async def examine_ledger(
    settings: Settings, database_url: str, *, days: int = DAYS, tenant: str = "", site: str = ""
) -> AsyncIterator[Finding]:
    """Hold both sides of the last *days* against each other, of every tenant or of one *tenant*, and of one *site* alone."""
    own = settings.collection.tenant
    try:
        async for each, ledger in ledgers(database_url, own=own, now=utc_now(), days=days, tenant=tenant, site=site):
            for finding in findings(ledger, days):
                yield finding if each == own else replace(finding, text=f"{each}: {finding.text}")
    except Refused:
        yield odd(_SUBJECT, "is not known", "See what is said of Postgres.")


def findings(ledger: TenantLedger, days: int) -> Iterator[Finding]:
    """Say of *ledger*, which is of so many *days*, what does not add up, account by account, and what is not known."""
    broken = [(one, one.first) for one in ledger.accounts if one.first is not None]
    for account, first in broken:
        yield _broken(account, first)
    if ledger.as_of is None:
        yield odd(_SUBJECT, "no ingest process has told anything yet", "See Not stored.")
        return
    gaps = {odd_hour.hour for day in ledger.days for odd_hour in day.hours if odd_hour.verdict is Verdict.GAP}
    gaps |= {gap.since.replace(minute=0, second=0, microsecond=0) for gap in ledger.gaps}
    if gaps:
        yield odd(_SUBJECT, f"in {_hours(gaps)} an ingest process fell silent", _GAP)
    if broken:
        return
    door, stream = ledger.total.door, ledger.total.stream
    words = f"{door.received:,} hits received and {stream.facts:,} events found in the last {days} days"
    if ledger.total.verdict is Verdict.UNTOLD:
        yield odd(_SUBJECT, f"{words}; of some hours nobody has told", "What was not stored in them is not known.")
        return
    yield good(_SUBJECT, f"adds up{' but for that' if gaps else ''}: {words}")


def _broken(account: Whose, first: OddHour) -> Finding:
    whose = account.site or ("what names no tenant" if account.is_nobodys else "what names no site")
    at = f"{first.hour.astimezone(UTC):%Y-%m-%d %H:00} UTC"
    if first.missing:
        what = f"{_events(first.missing)} told to be stored that the stream did not hold"
        return bad(_SUBJECT, f"{whose} does not add up, first in the hour from {at}: {what}", _MISSING)
    what = f"{_events(first.surplus)} in the stream of which no process told"
    return bad(_SUBJECT, f"{whose} does not add up, first in the hour from {at}: {what}", _SURPLUS)


def _events(number: int) -> str:
    return "1 event is" if number == 1 else f"{number:,} events are"


def _hours(hours: set[datetime]) -> str:
    first = f"the hour from {min(hours):%Y-%m-%d %H:00} UTC"
    return first if len(hours) == 1 else f"{first} and {len(hours) - 1:,} more"
