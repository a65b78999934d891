"""When a request was: the spellings of a moment in logs -> UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from collector.imports.accesslog.skip import Skipped, SkipReason

_MONTHS: Final = {
    name: number
    for number, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1)
}
_COMMON: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,]\d+)? ([+-])(\d\d):?(\d\d)", re.ASCII)
# The largest number of each unit that is a moment of this century; a smaller unit gives larger numbers.
_PER_SECOND: Final = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))


# Many lines share a second.
@lru_cache(maxsize=1024)
def moment_of(text: str) -> datetime:
    """Return the moment in *text*, as Apache writes it, as ISO 8601 or in seconds since 1970, or raise Skipped.

    What names no zone is taken for UTC, as the formats that leave it out have it.
    """
    try:
        if (common := _COMMON.fullmatch(text)) is not None:
            return _of_parts(*common.groups())
        if text.replace(".", "", 1).isdecimal():
            return _of_epoch(float(text))
        moment = datetime.fromisoformat(text.replace("/", "-").replace(",", "."))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        raise Skipped(SkipReason.MALFORMED) from None


def _of_parts(day: str, month: str, year: str, *time: str) -> datetime:
    hour, minute, second, sign, hours, minutes = time
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(ahead if sign == "+" else -ahead)
    return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone).astimezone(UTC)


def _of_epoch(number: float) -> datetime:
    for below, per_second in _PER_SECOND:
        if number < below:
            return datetime.fromtimestamp(number / per_second, UTC)
    raise OverflowError
