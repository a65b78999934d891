"""Nodash's layout on disk: a JSON line for each event in a file for each day, and a file for each user.

``events/<tenant>/<year>/<month>/events-<day>.jsonl`` and ``users/<tenant>/users/<user>.json``, where tenant and user are
digests of what they are called: a name such as ``../../../x`` is data in a file and never a part of its path.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any, TextIO

import msgspec
from msgspec import Struct

from projections.query.product.actions import Action
from projections.query.product.people import Known
from projections.replies.nodash import event_document, user_document


class Written(Struct, frozen=True, kw_only=True):
    """How much was written."""

    events: int
    users: int


async def write_layout(folder: Path, tenant: str, actions: AsyncIterator[Action], people: AsyncIterator[Known]) -> Written:
    """Write everything into *folder*, which is to be new or empty: lines are never added to somebody else's file."""
    of_tenant = digest_of_name(tenant)
    events = await _write_events(folder / "events" / of_tenant, tenant, actions)
    users = await _write_users(folder / "users" / of_tenant / "users", tenant, people)
    return Written(events=events, users=users)


def digest_of_name(name: str) -> str:
    """Return what stands for *name* in a path."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


async def _write_events(folder: Path, tenant: str, actions: AsyncIterator[Action]) -> int:
    count, day, file = 0, None, None
    try:
        async for action in actions:
            at = action.occurred_at.astimezone(UTC)
            if file is None or at.date() != day:
                if file is not None:
                    file.close()
                day, file = at.date(), _opened(folder / f"{at:%Y}" / f"{at:%m}", f"events-{at:%Y-%m-%d}.jsonl")
            file.write(_line(event_document(tenant, action)))
            count += 1
    finally:
        if file is not None:
            file.close()
    return count


async def _write_users(folder: Path, tenant: str, people: AsyncIterator[Known]) -> int:
    count = 0
    async for known in people:
        with _opened(folder, f"{digest_of_name(known.subject)}.json") as file:
            file.write(_line(user_document(tenant, known)))
        count += 1
    return count


def _opened(folder: Path, name: str) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / name).open("w", encoding="utf-8")


def _line(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode() + "\n"
