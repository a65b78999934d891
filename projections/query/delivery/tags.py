"""Tags: the ETag of an answer, made of the question and of how far the facts of its caller have come, not of the answer."""

import hashlib
import importlib.metadata
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final
from urllib.parse import parse_qs

from litestar import Response

from projections.query.periods import Period

# Days of a custom period that end before this are over in every time zone.
_OVER: Final = timedelta(days=2)
# Another one may answer otherwise out of the same facts.
_PROGRAM: Final = importlib.metadata.version("collector")

# How long an answer stands that is cut at the moment of asking: visitors leave, and half a day is compared with half a day.
MOMENT_SECONDS: Final = 15
# And one of whole local days, which begin at quarter hours in every time zone.
_DAYS_SECONDS: Final = 900


class Pace(Enum):
    """How an answer without any new fact depends on the clock."""

    DAYS = "only by which days a period means"
    MOMENT = "by the moment of asking, while the period runs"
    NOW = "by the moment of asking, whatever the period"
    NEVER = "not at all"


def tag_of(*parts: str | bytes) -> str:
    """Return the weak tag of an answer that is known by *parts*: compressed or not, it is the same answer."""
    digest = hashlib.blake2b(_PROGRAM.encode(), digest_size=12)
    for part in parts:
        whole = part.encode() if isinstance(part, str) else part
        digest.update(len(whole).to_bytes(8, "big") + whole)
    return f'W/"{digest.hexdigest()}"'


def moment_of(query: bytes, now: datetime, pace: Pace) -> str:
    """Return what changes whenever the clock alone can change the answer to *query*; "" for days that are over everywhere."""
    if pace is Pace.NEVER:
        return ""
    values = parse_qs(query.decode("ascii", "ignore"))
    last = values.get("to", [""])[0]
    if pace is not Pace.NOW and values.get("period") == [Period.CUSTOM] and last < f"{(now - _OVER).date()}":
        return ""
    is_compared = any(name.startswith("compare") for name in values)
    seconds = _DAYS_SECONDS if pace is Pace.DAYS and not is_compared else MOMENT_SECONDS
    return str(int(now.timestamp()) // seconds)


def begins_with_the_first_fact(query: bytes) -> bool:
    """Say whether the period that *query* asks for begins with the first fact of a site, of whichever family."""
    return parse_qs(query.decode("ascii", "ignore")).get("period") == [Period.ALL]


def is_known(tag: str, if_none_match: str) -> bool:
    """Say whether whoever sent *if_none_match* has the answer of *tag*."""
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return tag.removeprefix("W/") in known or "*" in known


def unchanged(tag: str) -> Response[Any]:
    """Answer that there is nothing new."""
    return Response(None, status_code=304, headers={"ETag": tag})
