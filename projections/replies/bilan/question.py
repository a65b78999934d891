"""Question: what one request asks of a site, in one snapshot of the database."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.problems import Refused
from projections.query.turns.facts import is_subject
from projections.query.turns.window import Window
from projections.replies import answering
from projections.replies.bilan.asked import Times, bad, parameters, said


class Question(Struct, frozen=True, kw_only=True):
    """The parameters that are ``given``, those of the ``path``, and what was ``asked`` of the product."""

    asked: answering.Question
    given: Mapping[str, str]
    path: Mapping[str, str]

    @property
    def connection(self) -> AsyncConnection:
        """Return where the answer is."""
        return self.asked.connection

    @property
    def now(self) -> datetime:
        """Return when the question came."""
        return self.asked.now

    async def window(self, times: Times | None = None) -> Window:
        """Return which facts are asked for: at these *times*, of whom and of which conversation the parameters say."""
        conversation = said(self.given, "conversation_id", "conversationId")
        whole = Window(tenant=self.asked.caller.tenant, site=self.asked.site, conversation=conversation)
        if times is not None:
            whole = replace(whole, since=times.since, until=times.until)
        user = said(self.given, "userId", "user_id")
        return replace(whole, subjects=await self._subjects(whole, user)) if user else whole

    async def _subjects(self, whole: Window, user: str) -> tuple[str, ...]:
        """Return what stands for *user*; what an answer has shown stands for itself, and needs no secret."""
        try:
            subject = await self.asked.subject(user)
        except Refused:
            if not await is_subject(self.connection, whole, user):
                raise
            return (user,)
        return (subject, user) if subject else (user,)


def asked_by(question: answering.Question) -> Question:
    """Return *question* with its parameters, or raise Refused."""
    request = question.request
    if any("\0" in piece for piece in request.path_params.values()):
        raise bad("A name in the path holds a NUL. Send text.")
    return Question(asked=question, given=parameters(request.scope["query_string"]), path=request.path_params)
