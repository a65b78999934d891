"""The id that an answer names its request by: the caller's own where that can do no harm, else one that is made of the time."""

import re
from datetime import datetime
from typing import Final

# What a log line, a header and a page all show as it is; no address of an e-mail and no blank.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(said: str, now: datetime) -> str:
    """Return *said*, or ``req_`` and the nanoseconds of *now* where it is none or could be more than a name."""
    return said if _HARMLESS.fullmatch(said) else f"req_{int(now.timestamp() * 1_000_000)}000"
