"""Nodash's read endpoints: its two queries with every filter, honest totals and CSV, in its words, over the product family."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import msgspec
from litestar import MediaType, Response

from contracts.mounts import Mount
from contracts.problem import Problem
from projections.projections import PRODUCT
from projections.query.access import KEY_HEADER, TENANT_HEADER
from projections.query.api import PlainRequest
from projections.query.product.actions import Action, ActionOrder, ActionQuestion, find_actions
from projections.query.product.people import Known, PeopleOrder, PeopleQuestion, count_people, list_people
from projections.query.web.spreadsheet import CSV, rows_as_csv
from projections.replies.answering import Answering, Question, System
from projections.replies.nodash_asked import (
    EVENT_ORDERS,
    USER_ORDERS,
    Asked,
    Format,
    Wrong,
    read_event_query,
    read_user_query,
)
from projections.replies.people import standing_for

# The columns of what is answered as CSV.
_CELLS: Final = {
    "events": ("eventId", "tenantId", "userId", "eventName", "timestamp", "receivedAt", "properties"),
    "users": ("userId", "tenantId", "firstSeen", "lastSeen", "sessionCount", "eventCount", "properties"),
}
_REQUEST_ID: Final = "X-Request-Id"


async def answer_events(question: Question) -> Response[Any]:
    """Answer with the events that fit, of the tenant's site that the credential is for."""
    asked = _read(question, read_event_query)
    if isinstance(asked, Response):
        return asked
    wanted = ActionQuestion(
        tenant=question.caller.tenant,
        site=question.site,
        names=asked.types,
        subjects=await _subjects(question, asked.user),
        since=asked.since,
        until=asked.until,
        props=asked.properties,
        order=EVENT_ORDERS.get(asked.order, ActionOrder.TIME),
        is_descending=asked.is_descending,
        limit=asked.limit,
        offset=asked.offset,
    )
    total, found = await find_actions(question.connection, wanted)
    events = [event_document(wanted.tenant, action) for action in found]
    return _page(question, asked, "events", events, total)


async def answer_users(question: Question) -> Response[Any]:
    """Answer with the users that fit; their ids are what stands for them in the facts."""
    asked = _read(question, read_user_query)
    if isinstance(asked, Response):
        return asked
    wanted = PeopleQuestion(
        tenant=question.caller.tenant,
        site=question.site,
        subjects=await _subjects(question, asked.user),
        since=asked.since,
        until=asked.until,
        traits=asked.properties,
        order=USER_ORDERS.get(asked.order, PeopleOrder.LAST_SEEN),
        is_descending=asked.is_descending,
        limit=asked.limit,
        offset=asked.offset,
    )
    total = await count_people(question.connection, wanted)
    users = [user_document(wanted.tenant, known) for known in await list_people(question.connection, wanted)]
    return _page(question, asked, "users", users, total)


def refuse(request: PlainRequest, problem: Problem) -> Response[Any]:
    """Return *problem* as one of Nodash's error documents."""
    error, message = problem.title, problem.detail or problem.title
    if problem.status == HTTPStatus.UNAUTHORIZED:
        error, message = _WRONG if _shows_a_key(request) else _MISSING
    elif problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        error, message = "Internal server error", f"Failed to process {_what(request)} query"
    return _document(problem.status, error, message)


_WRONG: Final = ("Authentication failed", "Invalid or expired token")
_MISSING: Final = ("Authentication required", "Provide either Authorization header or API key")


def _shows_a_key(request: PlainRequest) -> bool:
    return KEY_HEADER in request.headers or "authorization" in request.headers


def _read(question: Question, read: Callable[[bytes], Asked]) -> Asked | Response[Any]:
    request = question.request
    # Its SDK names no tenant unless the key ends in one, and ours do not: they are a tenant's by themselves.
    if not (request.headers.get(TENANT_HEADER) or _shows_a_key(request)):
        words = f"Header '{TENANT_HEADER}' is required when using manual tenant identification"
        return _document(400, "Missing tenant ID", words)
    try:
        return read(request.scope["query_string"])
    except Wrong as wrong:
        return _document(400, wrong.error, wrong.message)


async def _subjects(question: Question, user: str) -> tuple[str, ...] | None:
    """Return what *user* may stand as: who has read a pseudonym in an answer asks by it."""
    return await standing_for(user, question.connection, question.subjects, caller=question.caller, site=question.site)


def event_document(tenant: str, action: Action) -> dict[str, Any]:
    """Return *action* as Nodash writes an event."""
    who = {"userId": action.subject, "sessionId": action.session, "deviceId": action.device}
    return {
        "eventId": action.id,
        "tenantId": tenant,
        "eventName": action.name,
        "properties": action.props,
        "timestamp": _stamp(action.occurred_at),
        "receivedAt": _stamp(action.received_at),
        **{name: value for name, value in who.items() if value},
    }


def user_document(tenant: str, known: Known) -> dict[str, Any]:
    """Return *known* as Nodash writes a user."""
    return {
        "userId": known.subject,
        "tenantId": tenant,
        "properties": known.traits,
        "firstSeen": _stamp(known.first_seen),
        "lastSeen": _stamp(known.last_seen),
        "sessionCount": known.stays,
        "eventCount": known.actions,
    }


def _page(question: Question, asked: Asked, name: str, found: list[dict[str, Any]], total: int) -> Response[Any]:
    if asked.format is Format.CSV:
        rows = [[_cell(one.get(cell, "")) for cell in _CELLS[name]] for one in found]
        headers = {"X-Total-Count": str(total), "Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(rows_as_csv([_CELLS[name], *rows]), media_type=CSV, headers=headers)
    after = asked.offset + len(found)
    has_more = after < total and bool(found)
    pagination = {"limit": asked.limit, "offset": asked.offset} | ({"nextOffset": after} if has_more else {})
    now = datetime.now(UTC)
    data = {
        name: found,
        "totalCount": total,
        "hasMore": has_more,
        "pagination": pagination,
        "executionTime": max(round((now - question.now).total_seconds() * 1000), 0),
    }
    request_id = str(uuid4())
    body = {"success": True, "data": data, "timestamp": _stamp(now), "requestId": request_id}
    return Response(body, headers={_REQUEST_ID: request_id})


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _document(status: int, error: str, message: str) -> Response[Any]:
    request_id = str(uuid4())
    body = {"error": error, "message": message, "statusCode": status, "timestamp": _stamp(datetime.now(UTC))}
    headers = {_REQUEST_ID: request_id}
    return Response(body | {"requestId": request_id}, status_code=status, media_type=MediaType.JSON, headers=headers)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _what(request: PlainRequest) -> str:
    return "user" if request.url.path.endswith("/users/query") else "event"


NODASH: Final = System(
    mount=Mount.NODASH,
    answerings=(
        Answering(path="/v1/events/query", answer=answer_events, of=PRODUCT),
        Answering(path="/v1/users/query", answer=answer_users, of=PRODUCT),
    ),
    refuse=refuse,
)
