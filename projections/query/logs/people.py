"""Whom a search is about: by a user's or a session's own id, or by what stands for it in lines."""

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.logs.question import LogQuestion
from projections.query.problems import Refused
from projections.query.subjects import Subjects

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


async def standing_for(
    raw: str, connection: AsyncConnection, question: LogQuestion, subjects: Subjects
) -> tuple[str, ...] | None:
    """Return everything that *raw* may stand as at the site of *question*, None where it is nobody.

    Raise Refused where that takes the tenant's secret, which cannot be had; what may be a pseudonym itself goes without it.
    """
    if not raw:
        return None
    try:
        subject = await subjects.of(connection, question.caller.tenant, question.site, raw)
    except Refused:
        if _PSEUDONYM.fullmatch(raw) is None:
            raise
        return (raw,)
    return (raw, subject) if subject else (raw,)
