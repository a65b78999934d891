"""Question: what one request asks of a site, in one snapshot of the database."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.problems import Refused
from projections.query.subjects import subjects_of
from projections.query.turns.facts import is_subject
from projections.query.turns.window import Window
from projections.replies.bilan.asked import Times, said
from projections.vault import VaultReader


class Question(Struct, frozen=True, kw_only=True):
    """The parameters ``given``, those of the ``path``, and where the answer is: a tenant's site, as it is ``now``."""

    connection: AsyncConnection
    tenant: str
    site: str
    now: datetime
    given: Mapping[str, str]
    path: Mapping[str, str]
    vault: VaultReader | None

    async def window(self, times: Times | None = None) -> Window:
        """Return which facts are asked for: at these *times*, of whom and of which conversation the parameters say."""
        whole = Window(tenant=self.tenant, site=self.site, conversation=said(self.given, "conversation_id", "conversationId"))
        if times is not None:
            whole = replace(whole, since=times.since, until=times.until)
        user = said(self.given, "userId", "user_id")
        if not user:
            return whole
        return replace(whole, subjects=await self._subjects(whole, user))

    async def _subjects(self, whole: Window, user: str) -> tuple[str, ...]:
        try:
            return await subjects_of(self.connection, self.vault, tenant=self.tenant, site=self.site, user=user)
        except Refused:
            # What an answer has shown can be asked for without any secret.
            if not await is_subject(self.connection, whole, user):
                raise
            return (user,)
