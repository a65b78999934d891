"""The Flowcore collector's documents: what it is, how it is, and which addresses it has."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from collector.dialects.endpoint import Standing
from contracts import flowcore

INFO: Final = msgspec.json.encode(flowcore.INFO)
ALIVE: Final = b'{"status":"ok"}'


def health(standing: Standing) -> bytes:
    """Return its health, which depends on nothing; whether work may be sent here, /readyz says."""
    seconds = seconds_until_midnight(standing.at)
    midnight = standing.at.astimezone(UTC) + timedelta(seconds=seconds + 1)
    document = {
        "status": "ok",
        "service": "analytics",
        "pathwaysConfigured": True,
        "flowType": flowcore.FLOW_TYPE,
        "eventTypes": [flowcore.EVENT_TYPE],
        "saltRotation": {
            "nextRotationAt": f"{midnight:%Y-%m-%d}T00:00:00.000Z",
            "secondsUntilRotation": seconds,
        },
        "environment": {"tenant": standing.tenant, "dataCore": flowcore.DATA_CORE},
    }
    return msgspec.json.encode(document)


def metrics(standing: Standing) -> bytes:
    """Return the two metrics that it had; all of ours are at /metrics."""
    labels = f'tenant="{standing.tenant}",datacore="{flowcore.DATA_CORE}",flow_type="{flowcore.FLOW_TYPE}"'
    lines = (
        "# HELP analytics_salt_rotation_seconds Seconds until next salt rotation",
        "# TYPE analytics_salt_rotation_seconds gauge",
        f"analytics_salt_rotation_seconds {seconds_until_midnight(standing.at)}",
        "",
        "# HELP analytics_service_info Service information",
        "# TYPE analytics_service_info gauge",
        f"analytics_service_info{{{labels}}} 1",
    )
    return "\n".join(lines).encode() + b"\n"


def seconds_until_midnight(at: datetime) -> int:
    """Return the whole seconds until the next UTC midnight."""
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return int((midnight - at).total_seconds())


def _operation(summary: str, tag: str, answers: dict[str, str], body: dict[str, Any] | None = None) -> dict[str, Any]:
    told = {"summary": summary, "tags": [tag], "responses": {status: {"description": text} for status, text in answers.items()}}
    if body is None:
        return told
    return told | {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}


def _object(required: list[str], **properties: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": {name: {"type": type_} for name, type_ in properties.items()},
    }


_EVENT: Final = _object(
    ["pathname"], pathname="string", referrer="string", domain="string", eventName="string", customProperties="object"
)
_DELIVERY: Final = _object(
    ["eventId", "flowType", "eventType", "payload", "validTime"],
    eventId="string",
    timeBucket="string",
    tenant="string",
    dataCoreId="string",
    flowType="string",
    eventType="string",
    metadata="object",
    payload="object",
    validTime="string",
)
_FAILED: Final = {"400": "The body is not understood.", "503": "It could not be confirmed as stored; send it again."}
_TRACK: Final = {"204": "It is stored."} | _FAILED
_TOLD: Final = {"200": "The document."}
_PATHS: Final = {
    "/api/pageview": {"post": _operation("Track a page view or an event", "Analytics", _TRACK, _EVENT)},
    "/api/event": {"post": _operation("Track a page view or an event", "Analytics", _TRACK | {"422": "A field."}, _EVENT)},
    flowcore.TRANSFORMER: {
        "post": _operation(
            "Take an event that was forwarded", "Transformer", {"200": "It is stored.", "500": "It is not."}, _DELIVERY
        )
    },
    "/health": {"get": _operation("How it is", "Health", _TOLD)},
    "/healthz": {"get": _operation("That it runs", "Health", _TOLD)},
    "/metrics": {"get": _operation("Prometheus metrics", "Health", _TOLD)},
}
OPENAPI: Final = msgspec.json.encode(
    {
        "openapi": "3.0.3",
        "info": {
            "title": "Flowcore Analytics Collector",
            "version": "1.0.0",
            "description": "Privacy-first analytics collection, answered by Collector in the Flowcore collector's own form.",
        },
        "tags": [{"name": name} for name in ("Analytics", "Health", "Transformer")],
        "paths": _PATHS,
    }
)
_ROWS: Final = "".join(
    f"<tr><td>{method.upper()}</td><td><code>{path}</code></td><td>{told['summary']}</td></tr>"
    for path, operations in _PATHS.items()
    for method, told in operations.items()
)
PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Flowcore Analytics Collector</title>'
    f"<h1>Flowcore Analytics Collector</h1><table>{_ROWS}</table>"
    "<p>The same as OpenAPI 3.0.3 is at <code>swagger/json</code>.</p></html>"
).encode()
