"""NATS's monitoring page, the one place that says whether an event is on the disk before it is acknowledged."""

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


def syncs_always(monitor_url: str) -> bool | None:
    """Return whether nats-server runs with ``sync_interval: always``, None when its monitoring does not answer; it blocks."""
    try:
        config = _ask(monitor_url).jetstream.config
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    return config is not None and config.sync_always


def _ask(monitor_url: str) -> _Varz:
    parts = urlsplit(monitor_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=MONITOR_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/varz")
        return msgspec.json.decode(connection.getresponse().read(), type=_Varz)
    finally:
        connection.close()
