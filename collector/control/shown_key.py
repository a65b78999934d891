"""Which key somebody shows, as it is decided about now: for what is asked seldom, such as the exchange for a token."""

import hmac
import re
from datetime import datetime
from typing import Final

from collector.control.denied import Denied, DeniedReason
from collector.control.roster import Roster
from contracts.access import bearer_of
from contracts.control.keys import Key
from contracts.sessions import digest_of

_KEY = re.compile(r"ck_(?P<id>[0-9a-z]{1,32})_[A-Za-z0-9_-]{43}")
# Compared with where there is no key, so that a miss takes as long as a hit.
_NO_DIGEST: Final = "0" * 64


def key_in(*, x_api_key: str, authorization: str) -> str:
    """Return the text of the key that a request shows, "" when it shows none."""
    return (x_api_key or bearer_of(authorization) or authorization).strip()


async def working_key(roster: Roster, shown: str, now: datetime) -> Key:
    """Return the key that *shown* is, or raise Denied where it is none that works; which of it is wrong is not told."""
    written = _KEY.fullmatch(shown)
    key = await roster.key("0" if written is None else written["id"])
    is_same = hmac.compare_digest(digest_of(shown), _NO_DIGEST if key is None else key.digest)
    if key is None or not is_same or not key.works_at(now):
        raise Denied(DeniedReason.TOKEN)
    return key
