"""Which key somebody shows, as it is decided about now: for what is asked seldom, such as the exchange for a token."""

from datetime import datetime
from typing import Final

from collector.control.denied import Denied, DeniedReason
from collector.control.roster import Roster
from contracts.control.keys import Key
from contracts.keys import digest_of, id_in, key_in_authorization, same_digest

# Asked for where no key is shown, so that a miss takes as long as a hit.
_NOBODYS: Final = "0"


def key_in(*, x_api_key: str, authorization: str) -> str:
    """Return the text of the key that a request shows, "" when it shows none."""
    return x_api_key.strip() or key_in_authorization(authorization)


async def working_key(roster: Roster, shown: str, now: datetime) -> Key:
    """Return the key that *shown* is, or raise Denied where it is none that works; which of it is wrong is not told."""
    key = await roster.key(id_in(shown) or _NOBODYS)
    is_same = same_digest(digest_of(shown), None if key is None else key.digest)
    if key is None or not is_same or not key.works_at(now):
        raise Denied(DeniedReason.TOKEN)
    return key
