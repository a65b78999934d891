"""What Nodash says of itself: its front page as JSON, and the description of its API as a page, as JSON and as YAML."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from collector.answer import Answer
from collector.arrival import Head
from collector.dialects.endpoint import Reply
from collector.dialects.nodash_words import stamp
from collector.hit import Sender

_TEXT: Final = {"type": "string"}
_OBJECT: Final = {"type": "object", "additionalProperties": True}
_MOMENT: Final = {"type": "string", "format": "date-time"}


def _parameter(name: str, place: str = "query", *, values: tuple[str, ...] = (), is_required: bool = False) -> dict[str, Any]:
    schema = {"type": "string"} | ({"enum": list(values)} if values else {})
    return {"name": name, "in": place, "required": is_required, "schema": schema}


_TENANT: Final = _parameter("x-tenant-id", "header", is_required=True)


def _query(summary: str, filters: tuple[str, ...], orders: tuple[str, ...]) -> dict[str, Any]:
    named = [
        *(_parameter(name) for name in (*filters, "properties", "limit", "offset")),
        _parameter("sortBy", values=orders),
        _parameter("sortOrder", values=("asc", "desc")),
        _parameter("format", values=("json", "table", "csv")),
    ]
    return {"get": {"summary": summary, "parameters": [_TENANT, *named], "responses": _ANSWERS}}


def _post(summary: str, required: str, members: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": [required], "properties": dict(members)}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"post": {"summary": summary, "parameters": [_TENANT], "requestBody": body, "responses": _ANSWERS}}


_ANSWERS: Final = {
    "200": {"description": "Done"},
    "400": {"description": "What cannot be read, named in message"},
    "401": {"description": "No credential, or a wrong one"},
    "429": {"description": "Too many requests; come back after Retry-After seconds"},
    "503": {"description": "Nothing was stored; send it again after Retry-After seconds"},
}
_EVENT: Final = {
    "event": _TEXT,
    "properties": _OBJECT,
    "timestamp": _MOMENT,
    **dict.fromkeys(("userId", "sessionId", "deviceId", "eventId"), _TEXT),
}
SPECIFICATION: Final[Mapping[str, Any]] = {
    "openapi": "3.0.3",
    "info": {"title": "Nodash Analytics API", "version": "1.0.0", "description": "Spoken by Collector."},
    "servers": [{"url": "", "description": "Current server"}],
    "security": [{"apiKey": []}, {"bearerAuth": []}],
    "paths": {
        "/v1/health": {"get": {"summary": "Health", "security": [], "responses": {"200": {"description": "Healthy"}}}},
        "/v1/track": _post("Track an event", "event", _EVENT),
        "/v1/identify": _post("Identify a user", "userId", {"userId": _TEXT, "traits": _OBJECT, "timestamp": _MOMENT}),
        "/v1/events/query": _query(
            "Query events",
            ("eventTypes", "eventType", "userId", "startDate", "endDate"),
            ("timestamp", "eventName", "userId"),
        ),
        "/v1/users/query": _query(
            "Query users",
            ("userId", "activeSince", "activeUntil"),
            ("firstSeen", "lastSeen", "eventCount", "sessionCount"),
        ),
        "/auth/token": {"post": {"summary": "Exchange an API key for a token", "responses": _ANSWERS}},
    },
    "components": {
        "securitySchemes": {
            "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        }
    },
}
_JSON: Final = msgspec.json.format(msgspec.json.encode(SPECIFICATION), indent=2)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Nodash Analytics API - Documentation</title></head>
<body><h1>Nodash Analytics API</h1><ul>{entries}</ul>
<p>The whole of it: <a href="{here}/json">JSON</a>, <a href="{here}/yaml">YAML</a>.</p></body></html>
"""


def front(_: Head, __: Sender) -> Answer:
    """Answer what is spoken here, and where."""
    endpoints = {
        "health": "/v1/health",
        "track": "POST /v1/track",
        "identify": "POST /v1/identify",
        "queryEvents": "GET /v1/events/query",
        "queryUsers": "GET /v1/users/query",
        "auth": {"token": "POST /auth/token - Exchange API key for JWT token"},
    }
    said = {
        "name": "Nodash Analytics Backend",
        "version": "1.0.0",
        "environment": "production",
        "authMode": "jwt",
        "endpoints": endpoints,
        "documentation": "/api-docs",
        "openapi": {"json": "/api-docs/json", "yaml": "/api-docs/yaml"},
        "timestamp": stamp(datetime.now(UTC)),
    }
    return _answer("application/json", msgspec.json.encode(said))


def page(head: Head, _: Sender) -> Answer:
    """Answer the description as a page that needs no script."""
    operations = [
        f"<li><code>{method.upper()} {path}</code> {operation['summary']}</li>"
        for path, methods in SPECIFICATION["paths"].items()
        for method, operation in methods.items()
    ]
    # Seen from the page itself, wherever that is.
    here = "." if head.path.endswith("/") else "api-docs"
    return _answer("text/html; charset=utf-8", _PAGE.format(entries="".join(operations), here=here).encode())


def as_json(_: Head, __: Sender) -> Answer:
    """Answer the description as JSON."""
    return _answer("application/json", _JSON)


def as_yaml(_: Head, __: Sender) -> Answer:
    """Answer the description as YAML, of which JSON is a part (YAML 1.2)."""
    return _answer("application/x-yaml", _JSON)


def _answer(media: str, body: bytes) -> Answer:
    return Answer(status=200, headers=((b"content-type", media.encode()),), body=body)


ABOUT: Final = tuple(
    Reply(template=template, dialect="nodash", answer=answer)
    for template, answer in (("/api-docs", page), ("/api-docs/json", as_json), ("/api-docs/yaml", as_yaml))
)
# The front page is somebody else's at the root.
DOCUMENTS: Final = (*ABOUT, Reply(template="/", dialect="nodash", answer=front))
