"""NATS's monitoring pages, the one place that says whether events are on the disk before they are acknowledged, or can be."""

import http.client
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

MONITOR_SECONDS = 1.0
# What a monitor, or whatever stands in its place, raises when there is no answer that makes sense.
_NO_ANSWER = (OSError, http.client.HTTPException, msgspec.MsgspecError)


class _JetStreamConfig(Struct, frozen=True):
    sync_always: bool = False


class _JetStream(Struct, frozen=True):
    config: _JetStreamConfig | None = None


class _Varz(Struct, frozen=True):
    jetstream: _JetStream = _JetStream()


class _Health(Struct, frozen=True):
    status: str
    error: str = ""


def syncs_always(monitor_url: str) -> bool | None:
    """Return whether nats-server runs with ``sync_interval: always``, None when its monitoring does not answer; it blocks."""
    try:
        config = msgspec.json.decode(_page(monitor_url, "varz"), type=_Varz).jetstream.config
    except _NO_ANSWER:
        return None
    return config is not None and config.sync_always


def health(monitor_url: str) -> str | None:
    """Return what nats-server itself says is wrong, "" when nothing is, None when its monitoring does not answer; it blocks.

    Its words may name folders of its machine.
    """
    try:
        said = msgspec.json.decode(_page(monitor_url, "healthz"), type=_Health)
    except _NO_ANSWER:
        return None
    return "" if said.status == "ok" else said.error or said.status


def _page(monitor_url: str, name: str) -> bytes:
    parts = urlsplit(monitor_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=MONITOR_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/{name}")
        return connection.getresponse().read()
    finally:
        connection.close()
