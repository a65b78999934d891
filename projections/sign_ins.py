"""sign_ins: the browsers that are signed in with the access token, by the digest of what their cookie says.

No event says so, for the token is a machine's and no member's. Nothing is computed from it: whoever loses the table, or counts
anew into an empty database, has to sign in again, and no cookie that was given back is worth anything there either.
"""

from datetime import datetime

from sqlalchemy import Column, Table, Text, delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.schema import SHARED, moment

SIGN_INS = Table("sign_ins", SHARED, Column("digest", Text, primary_key=True), moment("expires_at"))


async def begin_sign_in(connection: AsyncConnection, digest: str, *, now: datetime, expires_at: datetime) -> None:
    """Let the cookie whose SHA-256 is *digest* be worth something until *expires_at*."""
    await connection.execute(delete(SIGN_INS).where(SIGN_INS.c.expires_at <= now))
    await connection.execute(insert(SIGN_INS).values(digest=digest, expires_at=expires_at))


async def end_sign_in(connection: AsyncConnection, digest: str) -> None:
    """Let that cookie be worth nothing from now on, wherever it is shown."""
    await connection.execute(delete(SIGN_INS).where(SIGN_INS.c.digest == digest))


async def is_signed_in(connection: AsyncConnection, digest: str, now: datetime) -> bool:
    """Say whether that cookie is worth something *now*."""
    return bool(await connection.scalar(select(exists().where(SIGN_INS.c.digest == digest, SIGN_INS.c.expires_at > now))))
