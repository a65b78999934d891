"""The ledger's answers: one site's days, and every account of a tenant; both sides, what does not meet, what is not known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import hour_of
from projections.query.caller import Caller
from projections.query.ledger.balance import HOUR, Balance, Verdict, balance, worst
from projections.query.ledger.books import Account, Books, Hour, open_books
from projections.query.ledger.sides import Door, InStream, doors, in_streams
from projections.query.periods import Days, Span
from projections.query.question import WebQuestion
from projections.query.tallies import NOBODY, Gap, gaps_in

MAX_ACCOUNTS = 500
_DAY = timedelta(days=1)
_NOTHING = Hour()


class OddHour(Struct, frozen=True, kw_only=True):
    """An hour of UTC that is neither open nor adds up, and why; ``site`` says whose it is where that is not said before."""

    hour: datetime
    verdict: Verdict
    missing: int = 0
    surplus: int = 0
    site: str | UnsetType = UNSET


class LedgerDay(Struct, frozen=True, kw_only=True):
    """A UTC day of receipt: the sums of its hours, and those of them that do not add up or are not known whole.

    ``missing`` facts were told to be stored, and the stream did not hold them; ``surplus`` ones were found and never told.
    ``imported`` facts came by no request: they stand on no other side, and under the time at which whoever recorded them first
    had received them.
    """

    day: date
    verdict: Verdict
    door: Door
    stream: InStream
    imported: InStream
    missing: int = 0
    surplus: int = 0
    hours: list[OddHour] = []


class SiteLedger(Struct, frozen=True, kw_only=True):
    """The ledger of one site; ``first`` is the first hour that does not add up, and ``as_of`` until when hits were told of.

    Until ``read_until`` everything that was stored is known to have been read, null where that is not known.
    """

    site: str
    since: datetime
    until: datetime
    as_of: datetime | None
    read_until: datetime | None
    gaps: list[Gap]
    first: OddHour | None
    total: LedgerDay
    days: list[LedgerDay]


class Whose(Struct, frozen=True, kw_only=True):
    """One account of a period: a site's; without a site what named none of the tenant's; ``is_nobodys`` what named nobody.

    Those two have their ``days`` here, for they have no ledger of their own.
    """

    site: str
    is_nobodys: bool
    total: LedgerDay
    first: OddHour | None
    days: list[LedgerDay] | UnsetType = UNSET


class TenantLedger(Struct, frozen=True, kw_only=True):
    """The ledger of a tenant: every account of it, and its days with all of them together."""

    since: datetime
    until: datetime
    as_of: datetime | None
    read_until: datetime | None
    gaps: list[Gap]
    first: OddHour | None
    total: LedgerDay
    days: list[LedgerDay]
    accounts: list[Whose]
    more: bool


async def ledger_of_one(connection: AsyncConnection, question: WebQuestion) -> SiteLedger:
    """Return both sides of every UTC day that *question* asks of its site."""
    span = whole_hours(question)
    books = await open_books(connection, question.caller, span, site=question.site)
    days = _days(books, (question.caller.tenant, question.site), span)
    return SiteLedger(
        site=question.site,
        since=span.since,
        until=span.until,
        as_of=books.known.told_until,
        read_until=books.known.read_until,
        gaps=await gaps_in(connection, span, books.known.told_until),
        first=first_of(days),
        total=_together(days, question.days.first),
        days=days,
    )


async def ledger_of_all(connection: AsyncConnection, question: WebQuestion) -> TenantLedger:
    """Return both sides of what *question* asks of every account that its caller may see."""
    span = whole_hours(question)
    caller = question.caller
    books = await open_books(connection, caller, span)
    found = set(books.accounts) | _always(caller)
    by_account = {account: _days(books, account, span) for account in sorted(found)}
    days = [_together(list(same), same[0].day) for same in zip(*by_account.values(), strict=True)]
    accounts = [_whose(account, days_of, question.days.first) for account, days_of in by_account.items()]
    firsts = [replace(one.first, site=one.site) for one in accounts if one.first is not None]
    return TenantLedger(
        since=span.since,
        until=span.until,
        as_of=books.known.told_until,
        read_until=books.known.read_until,
        gaps=await gaps_in(connection, span, books.known.told_until),
        first=min(firsts, key=lambda odd: odd.hour, default=None),
        total=_together(days, question.days.first),
        days=days,
        accounts=accounts[:MAX_ACCOUNTS],
        more=len(accounts) > MAX_ACCOUNTS,
    )


def in_utc(question: WebQuestion, most: int) -> WebQuestion:
    """Return *question* about UTC days that are over or have begun, the last *most* of them."""
    today = question.now.astimezone(UTC).date()
    last = max(min(question.days.last, today), question.days.first)
    first = max(question.days.first, last - timedelta(days=most - 1))
    return replace(question, days=Days(first, last), timezone="UTC")


def whole_hours(question: WebQuestion) -> Span:
    """Return the UTC days that are asked for, up to the end of the hour that it is now."""
    since = datetime.combine(question.days.first, datetime.min.time(), UTC)
    until = datetime.combine(question.days.last, datetime.min.time(), UTC) + _DAY
    return Span(since, max(min(until, hour_of(question.now.astimezone(UTC)) + HOUR), since))


def first_of(days: Iterable[LedgerDay]) -> OddHour | None:
    """Return the first hour of *days* that does not add up."""
    odd = (hour for day in days for hour in day.hours if hour.verdict is Verdict.DOES_NOT_ADD_UP)
    return next(odd, None)


def _always(caller: Caller) -> set[Account]:
    """Return the accounts that *caller* has although nothing is in them: a gap is one there, too."""
    if caller.sites is not None:
        return set()
    return {(caller.tenant, ""), *([(NOBODY, "")] if caller.runs_installation else [])}


def _whose(account: Account, days: list[LedgerDay], since: date) -> Whose:
    tenant, site = account
    return Whose(
        site=site,
        is_nobodys=not tenant,
        total=_together(days, since),
        first=first_of(days),
        days=UNSET if site else days,
    )


def _days(books: Books, account: Account, span: Span) -> list[LedgerDay]:
    hours = books.accounts.get(account, {})
    by_day: dict[date, list[tuple[datetime, Hour]]] = defaultdict(list)
    for hour in _hours(span):
        by_day[hour.date()].append((hour, hours.get(hour, _NOTHING)))
    return [_day(books, account, day, of_day) for day, of_day in by_day.items()]


def _day(books: Books, account: Account, day: date, hours: list[tuple[datetime, Hour]]) -> LedgerDay:
    balances: Mapping[datetime, Balance] = {
        hour: balance(
            hour,
            sides.door,
            sides.stream,
            books.known,
            erased_until=books.erased_until.get(account),
            elsewhere=books.elsewhere.get(hour, 0),
        )
        for hour, sides in hours
    }
    erased = sum(one.erased for one in balances.values())
    return LedgerDay(
        day=day,
        verdict=worst(one.verdict for one in balances.values()),
        door=doors(sides.door for _, sides in hours if sides is not _NOTHING),
        stream=in_streams(sides.stream for _, sides in hours if sides is not _NOTHING) + InStream(facts=erased, erased=erased),
        imported=in_streams(sides.imported for _, sides in hours if sides is not _NOTHING),
        missing=sum(one.missing for one in balances.values() if one.verdict is Verdict.DOES_NOT_ADD_UP),
        surplus=sum(one.surplus for one in balances.values() if one.verdict is not Verdict.OPEN),
        hours=[
            OddHour(hour=hour, verdict=one.verdict, missing=one.missing, surplus=one.surplus)
            for hour, one in balances.items()
            if one.verdict in _ODD
        ],
    )


_ODD = frozenset({Verdict.DOES_NOT_ADD_UP, Verdict.GAP, Verdict.UNTOLD})


def _together(days: list[LedgerDay], since: date) -> LedgerDay:
    """Return the sums of *days*, the first of which is *since*; their odd hours stand with each of them."""
    return LedgerDay(
        day=since,
        verdict=worst(day.verdict for day in days),
        door=doors(day.door for day in days),
        stream=in_streams(day.stream for day in days),
        imported=in_streams(day.imported for day in days),
        missing=sum(day.missing for day in days),
        surplus=sum(day.surplus for day in days),
    )


def _hours(span: Span) -> Iterator[datetime]:
    hour = span.since
    while hour < span.until:
        yield hour
        hour += HOUR
