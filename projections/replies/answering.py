"""What a system's read endpoints are made of: an address, what it answers, and the words of its refusals."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from litestar import HttpMethod, Response
from litestar.connection import ASGIConnection
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.mounts import Mount
from contracts.problem import MEDIA_TYPE, Problem
from projections.projector.projection import Projection
from projections.query.api import PlainRequest
from projections.query.caller import Caller
from projections.replies.subjects import Subjects


class Question(Struct, frozen=True, kw_only=True):
    """One question at a system's address, from somebody who may ask it: about which site, and a connection to answer it from.

    What the address and the query say is in ``request``. Everything that ``connection`` reads is of one moment, and of the
    caller's tenant; whatever is answered must be of ``site`` alone. ``told`` are headers: how far the answer reaches.
    """

    request: PlainRequest
    connection: AsyncConnection
    caller: Caller
    site: str
    now: datetime
    subjects: Subjects
    told: Mapping[str, str] = {}

    async def subject(self, raw: str) -> str:
        """Return what stands for the user id *raw* in the facts of the site."""
        return await self.subjects.of(self.connection, self.caller.tenant, self.site, raw)


class Answering(Struct, frozen=True, kw_only=True):
    """An address of a system that is read, as Litestar writes it, such as ``/api/turns/{turn:str}/stats``.

    ``of`` is what the answer is read from, and waited for: None where that is none of our projections. ``at_root`` says that it
    collides with nobody's there; under its mount it always is.
    """

    path: str
    answer: Callable[[Question], Awaitable[Response[Any]]]
    of: Projection | None
    at_root: bool = True
    methods: tuple[HttpMethod, ...] = (HttpMethod.GET,)


# A problem -> the same in a system's own shape; the status and the headers that belong to it are added.
Refuse: TypeAlias = Callable[[PlainRequest, Problem], Response[Any]]
# A request -> the key that it shows in a place of the system's own, "" where it shows none there.
ShownKey: TypeAlias = Callable[[ASGIConnection[Any, Any, Any, Any]], str]


def as_problem(_: PlainRequest, problem: Problem) -> Response[Any]:
    """Return *problem* as everywhere else in the product."""
    return Response(problem.body(), status_code=problem.status, media_type=MEDIA_TYPE)


class At(Struct, frozen=True, kw_only=True):
    """Whose address a handler is, as the value of its opt MOUNT, for systems that bring handlers of their own."""

    mount: Mount
    shown_key: ShownKey | None = None


class System(Struct, frozen=True, kw_only=True):
    """A system that is read as it was: its addresses, the words of its refusals, and what every answer says along.

    ``shown_key`` finds a key where the usual places (X-API-Key, Authorization) do not hold it. ``days`` is how many a report is
    about where nobody says which, 0 where there is no such.
    """

    mount: Mount
    answerings: tuple[Answering, ...]
    refuse: Refuse = as_problem
    headers: Mapping[str, str] = {}
    shown_key: ShownKey | None = None
    days: int = 0
