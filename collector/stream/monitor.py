"""NATS's monitoring page, the one place that says whether an event is on the disk before it is acknowledged."""

import http
import http.client
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

MONITOR_SECONDS = 1.0


class _JetStreamConfig(Struct, frozen=True):
    sync_always: bool = False


class _JetStream(Struct, frozen=True):
    config: _JetStreamConfig | None = None


class _Varz(Struct, frozen=True):
    jetstream: _JetStream = _JetStream()


class _Health(Struct, frozen=True):
    status: str = ""
    error: str = ""


def syncs_always(monitor_url: str) -> bool | None:
    """Return whether nats-server runs with ``sync_interval: always``, None when its monitoring does not answer; it blocks."""
    try:
        config = _ask(monitor_url).jetstream.config
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    return config is not None and config.sync_always


def health(monitor_url: str) -> str | None:
    """Return "" when nats-server says that it is well, its own words when not, None when there is no answer; it blocks."""
    try:
        status, body = _get(monitor_url, "/healthz")
        said = msgspec.json.decode(body, type=_Health)
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    return "" if status == http.HTTPStatus.OK else said.error or said.status


def _ask(monitor_url: str) -> _Varz:
    return msgspec.json.decode(_get(monitor_url, "/varz")[1], type=_Varz)


def _get(monitor_url: str, page: str) -> tuple[int, bytes]:
    parts = urlsplit(monitor_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=MONITOR_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}{page}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
