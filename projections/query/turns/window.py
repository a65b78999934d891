"""Window: which facts of turns are asked for: a site's, from when until when, of whom and of which conversation."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class Window(Struct, frozen=True, kw_only=True):
    """Facts of *site* that happened at or after ``since`` and before ``until``; an absent bound, and a "" leave all in.

    ``subjects`` are the pseudonyms that one person may have, None for everybody.
    """

    tenant: str
    site: str
    since: datetime | None = None
    until: datetime | None = None
    subjects: tuple[str, ...] | None = None
    conversation: str = ""

    def where(self, *, at: str = "occurred_at", conversation: str = "conversation = :conversation") -> str:
        """Return the condition on a table whose moments are in the column *at*; values() are its parameters."""
        parts = ["tenant = :tenant AND site = :site"]
        if self.since is not None:
            parts.append(f"{at} >= :since")
        if self.until is not None:
            parts.append(f"{at} < :until")
        if self.subjects is not None:
            parts.append("subject = ANY(CAST(:subjects AS text[]))")
        if self.conversation:
            parts.append(conversation)
        return " AND ".join(parts)

    def values(self) -> dict[str, Any]:
        """Return the parameters of where()."""
        asked = {
            "tenant": self.tenant,
            "site": self.site,
            "since": self.since,
            "until": self.until,
            "subjects": None if self.subjects is None else list(self.subjects),
            "conversation": self.conversation or None,
        }
        return {name: value for name, value in asked.items() if value is not None}
