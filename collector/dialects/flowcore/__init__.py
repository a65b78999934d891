"""The Flowcore collector whole under /flowcore, in exactly its own words, and what of it stands at the root besides."""

from typing import Final

from msgspec import structs

from collector.answer import Answer, Headers
from collector.arrival import Head
from collector.dialects import native
from collector.dialects.endpoint import Endpoint, Reply, Standing
from collector.dialects.flowcore import documents, tracking
from collector.dialects.flowcore.transformer import TRANSFORMER
from collector.dialects.flowcore.words import DIALECT, MOUNT, TEXT
from collector.dialects.keyed import key_in_head
from collector.hit import Sender
from contracts.control.keys import Scope
from contracts.mounts import Mount

_READ: Final = ("GET", "HEAD")
_HTML: Final[Headers] = ((b"content-type", b"text/html; charset=utf-8"),)
PREFLIGHT: Final[Headers] = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type, User-Agent, X-Forwarded-For, X-Real-IP, CF-Connecting-IP, X-Secret"),
    (b"access-control-max-age", b"86400"),
)


def what_is_left(head: Head, _: Sender) -> Answer:
    """Answer what no other address of the mount does: its front page, and that there is nothing."""
    if not head.parameters.get("rest") and head.method in _READ:
        return _json(documents.INFO)
    return Answer(status=404, headers=TEXT, body=b"NOT_FOUND")


def _json(body: bytes) -> Answer:
    return Answer(status=200, headers=native.JSON, body=body)


def _health(standing: Standing) -> Answer:
    return _json(documents.health(standing))


def _metrics(standing: Standing) -> Answer:
    return Answer(status=200, headers=TEXT, body=documents.metrics(standing))


def _document(answer: Answer, *addresses: str) -> tuple[Reply, ...]:
    return tuple(Reply(template=address, dialect=DIALECT, methods=_READ, answer=lambda _, __: answer) for address in addresses)


_PAGEVIEW: Final = Endpoint(
    template=f"{MOUNT}/api/pageview",
    dialect=DIALECT,
    methods=("POST",),
    limit=native.EVENT_BYTES,
    read=tracking.read_pageview,
    word=native.word_one,
    refuse=tracking.refuse_pageview,
    scope=Scope.INGEST,
    shown_key=key_in_head,
    takes_beacons=True,
    mount=Mount.FLOWCORE,
)
_REST: Final = Reply(
    template=f"{MOUNT}/{{rest:path}}",
    dialect=DIALECT,
    methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    answer=what_is_left,
)
_ASKED_BEFORE: Final = structs.replace(_REST, methods=("OPTIONS",), answer=lambda _, __: Answer(status=204, headers=PREFLIGHT))
ENDPOINTS: Final[tuple[Endpoint | Reply, ...]] = (
    _PAGEVIEW,
    structs.replace(_PAGEVIEW, template=f"{MOUNT}/api/event", read=tracking.read_event, refuse=tracking.refuse_event),
    TRANSFORMER,
    structs.replace(TRANSFORMER, template=f"{MOUNT}{TRANSFORMER.template}"),
    Reply(template=f"{MOUNT}/health", dialect=DIALECT, methods=_READ, answer=what_is_left, of_standing=_health),
    Reply(template=f"{MOUNT}/metrics", dialect=DIALECT, methods=_READ, answer=what_is_left, of_standing=_metrics),
    *_document(_json(documents.ALIVE), f"{MOUNT}/healthz"),
    *_document(_json(documents.OPENAPI), "/swagger/json", f"{MOUNT}/swagger/json"),
    *_document(Answer(status=200, headers=_HTML, body=documents.PAGE), "/swagger", f"{MOUNT}/swagger"),
    *(structs.replace(rest, template=template) for rest in (_REST, _ASKED_BEFORE) for template in (MOUNT, _REST.template)),
)
