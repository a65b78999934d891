"""The systems' read endpoints as handlers: who asks, about which site, once it is up to date, and in the system's own words."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler, route
from msgspec import Struct

from contracts.mounts import Mount
from projections.projector.projection import Projection
from projections.query.access import MOUNT, caller_in
from projections.query.after_write import HEADER, AfterWrite
from projections.query.answers import headers_of, log_if_unexpected, to_problem
from projections.query.api import Desk, PlainRequest
from projections.query.database import reading
from projections.query.mounts import site_at
from projections.query.problems import Refused
from projections.query.room import Room
from projections.replies.answering import Answering, Question, System
from projections.replies.subjects import Subjects


class Replying(Struct, frozen=True, kw_only=True):
    """What answers in the systems' own form need beside the desk."""

    after_write: AfterWrite
    subjects: Subjects
    room: Room


@asynccontextmanager
async def questioned(
    request: PlainRequest, desk: Desk, replying: Replying, *, mount: Mount, of: Projection | None
) -> AsyncIterator[Question]:
    """Lend the question that *request* is at an address of *mount*, once *of* has what was written before; or raise Refused.

    The handler's opt MOUNT is an At, or a System: so the door knows whom to let in.
    """
    caller, named = caller_in(request), request.query_params.get("site", "")
    # How the database is, is asked of none of our projections, and answered whatever else is.
    async with nullcontext() if of is None else replying.room.of(caller):
        async with reading(desk.engine, caller) as connection:
            site = await site_at(connection, caller, mount, desk.listing, named=named)
        behind = None if of is None else await replying.after_write.wait(caller, site, of)
        async with reading(desk.engine, caller) as connection:
            yield Question(
                request=request,
                connection=connection,
                caller=caller,
                site=site,
                now=desk.clock(),
                subjects=replying.subjects,
                told={} if behind is None else {HEADER: behind.value},
            )


def handlers_of(systems: Iterable[System]) -> list[HTTPRouteHandler]:
    """Return a handler for each address of each system, under its mount and, where it collides with nobody's, at the root."""
    return [
        _handler(system, answering, path)
        for system in systems
        for answering in system.answerings
        for path in _paths(system, answering)
    ]


def _paths(system: System, answering: Answering) -> list[str]:
    mounted = f"/{system.mount.value}{answering.path}"
    return [answering.path, mounted] if answering.at_root else [mounted]


def _handler(system: System, answering: Answering, path: str) -> HTTPRouteHandler:
    async def answer(request: PlainRequest, desk: NamedDependency[Desk], replying: NamedDependency[Replying]) -> Response[Any]:
        async with questioned(request, desk, replying, mount=system.mount, of=answering.of) as question:
            answered = await answering.answer(question)
        return _with(answered, {**system.headers, **question.told})

    def refuse(request: PlainRequest, error: Exception) -> Response[Any]:
        log_if_unexpected(error)
        return _with(system.refuse(request, to_problem(error)), {**system.headers, **headers_of(error)})

    errors: dict[int | type[Exception], Any] = dict.fromkeys(
        (Refused, HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR, Exception), refuse
    )
    decorate = route(
        path,
        http_method=list(answering.methods),
        opt={MOUNT: system},
        exception_handlers=errors,
        include_in_schema=False,
        status_code=200,
    )
    return decorate(answer)


def _with(answer: Response[Any], headers: dict[str, str]) -> Response[Any]:
    for name, value in headers.items():
        answer.headers.setdefault(name, value)
    return answer
