"""Whom a search is about: by a user's or a session's own id, or by what stands for it in facts."""

import re
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.caller import Caller
from projections.query.problems import Refused
from projections.replies.subjects import Subjects

_PSEUDONYM: Final = re.compile(r"[0-9a-f]{32}")


async def standing_for(
    raw: str, connection: AsyncConnection, subjects: Subjects, *, caller: Caller, site: str
) -> tuple[str, ...] | None:
    """Return everything that *raw* may stand as at *site*, None where it is nobody.

    Raise Refused where that takes the tenant's secret, which cannot be had; what may be a pseudonym itself goes without it.
    """
    if not raw:
        return None
    try:
        subject = await subjects.of(connection, caller.tenant, site, raw)
    except Refused:
        if _PSEUDONYM.fullmatch(raw) is None:
            raise
        return (raw,)
    return (raw, subject) if subject else (raw,)
