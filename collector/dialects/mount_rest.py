"""What is left of a system's mount: that there is nothing, in the system's own form."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from collector.answer import Answer
from collector.dialects.endpoint import Reply
from collector.dialects.nodash_words import stamp
from contracts.mounts import Mount

_JSON: Final = ((b"content-type", b"application/json; charset=utf-8"),)
_TEXT: Final = ((b"content-type", b"text/plain"),)


def _fastify() -> Answer:
    return _json({"message": "Route not found", "error": "Not Found", "statusCode": 404})


def _express() -> Answer:
    at = stamp(datetime.now(UTC))
    return _json({"error": "Not Found", "message": "Route not found", "statusCode": 404, "timestamp": at})


def _gin() -> Answer:
    return Answer(status=404, headers=_TEXT, body=b"404 page not found")


def _json(document: dict[str, Any]) -> Answer:
    return Answer(status=404, headers=_JSON, body=msgspec.json.encode(document))


# Flowcore's mount words its own.
_NOWHERE: Final[dict[Mount, Callable[[], Answer]]] = {
    Mount.BILAN: _fastify,
    Mount.NODASH: _express,
    Mount.MINIGEM: _fastify,
    Mount.CHANGE66: _gin,
}


def _rest(mount: Mount, nowhere: Callable[[], Answer]) -> Reply:
    return Reply(
        template=f"/{mount.value}/{{rest:path}}",
        dialect=mount.value,
        methods=("GET", "HEAD"),
        answer=lambda _, __: nowhere(),
    )


ENDPOINTS: Final = tuple(_rest(mount, nowhere) for mount, nowhere in _NOWHERE.items())
