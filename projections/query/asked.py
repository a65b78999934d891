"""Asked: what every question has in common, whatever it is about: who asks, of which sites, and which local days."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from contracts.names import canonical_site
from projections.query.caller import Caller
from projections.query.parameters import QUESTION_PARAMETERS, one_of
from projections.query.periods import Days, Period, Span, named_days, previous_span, span_of
from projections.query.problems import bad_parameter, not_found

MAX_DAYS = 3660
EARLIEST = date(1970, 1, 1)
LATEST = date(2199, 12, 31)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARAMETERS = {parameter.name: parameter for parameter in QUESTION_PARAMETERS}


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks about which ``sites`` (none named: all of the caller's) and which days; ``now`` is the moment of asking.

    One that ``names_zone`` says itself where days begin; otherwise the site does, once it is known (home.py).
    """

    caller: Caller
    sites: tuple[str, ...]
    period: Period
    days: Days
    timezone: str
    now: datetime
    names_zone: bool = True

    @property
    def site(self) -> str:
        """Return the site of a question about one."""
        return self.sites[0]

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone that days begin in."""
        return ZoneInfo(self.timezone)

    @property
    def span(self) -> Span:
        """Return the instants that are asked about."""
        return span_of(self.days, self.zone)

    @property
    def today(self) -> date:
        """Return the local day of asking."""
        return self.now.astimezone(self.zone).date()

    @property
    def previous(self) -> Span:
        """Return the instants to compare with."""
        return previous_span(self.days, self.zone, self.now)


def parse_asked(values: Mapping[str, list[str]], *, caller: Caller, sites: tuple[str, ...], now: datetime) -> Asked:
    """Return what *values* say about the days, or raise Refused, which names the first parameter that is wrong."""
    timezone = _timezone(one_of(_PARAMETERS["timezone"], values))
    period = Period(one_of(_PARAMETERS["period"], values))
    if period is Period.ALL and len(sites) != 1:
        raise bad_parameter("period", "All days are those of one site. Ask for that site, or for another period.")
    days = _days(period, values, now.astimezone(ZoneInfo(timezone)).date())
    names_zone = any(values.get("timezone", ()))
    return Asked(caller=caller, sites=sites, period=period, days=days, timezone=timezone, now=now, names_zone=names_zone)


def site_named(claimed: str) -> str:
    """Return the canonical name of a site, or raise Refused when no site can have that name."""
    site = canonical_site(claimed)
    if site is None:
        raise not_found("A site is named like example.org: letters, digits, dots, dashes and underscores, at most 253.")
    return site


@cache
def _timezones() -> frozenset[str]:
    # "localtime" is whatever the machine happens to have; an answer must not depend on it.
    return frozenset(available_timezones() - {"localtime"})


def is_zone(name: str) -> bool:
    """Say whether there is a time zone called *name*."""
    return name in _timezones()


def _timezone(name: str) -> str:
    if not is_zone(name):
        raise bad_parameter("timezone", "The time zone is not known. Send an IANA name such as Europe/Oslo, or UTC.")
    return name


def _days(period: Period, values: Mapping[str, list[str]], today: date) -> Days:
    if period is not Period.CUSTOM:
        if field := next((name for name in ("from", "to") if any(values.get(name, ()))), None):
            raise bad_parameter(field, "Only period=custom takes from and to. Add it, or leave this out.")
        return named_days(period, today)
    return days_between("from", "to", values)


def days_between(first: str, last: str, values: Mapping[str, list[str]]) -> Days:
    """Return the days from that of the parameter *first* to that of *last*, or raise Refused."""
    days = Days(_date(first, values), _date(last, values))
    if days.last < days.first:
        raise bad_parameter(last, f"The period ends before it begins. Send a day that is not before {first}.")
    if len(days) > MAX_DAYS:
        raise bad_parameter(last, f"The period is too long. Ask for at most {MAX_DAYS} days.")
    return days


def _date(field: str, values: Mapping[str, list[str]]) -> date:
    text = values.get(field, [""])[0]
    try:
        day = date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError as error:
        raise bad_parameter(field, "The day cannot be read. Send a day of the calendar as YYYY-MM-DD.") from error
    if not EARLIEST <= day <= LATEST:
        raise bad_parameter(field, f"The day is out of range. Send a day from {EARLIEST} to {LATEST}.")
    return day
