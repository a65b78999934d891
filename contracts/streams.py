"""Where facts live in NATS: the stream, its subjects, its settings, and the id by which a repeated publish is known."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

STREAM = "EVENTS"
SUBJECT_ROOT = "events.v1"
BUCKETS = 64
MAX_FACT_BYTES = 64 * 1024
DUPLICATE_WINDOW_SECONDS = 600
_NANOSECONDS = 1_000_000_000


@functools.lru_cache(maxsize=4096)
def subject_of(tenant: str, site: str, event_type: str) -> str:
    """Return ``events.v1.<bucket>.<tenant>.<site>.<type>``; dots, which NATS reserves, become slashes.

    Tenant and site are canonical when they get here (see collector/admit.py), so no wildcard can occur in them.
    """
    return f"{SUBJECT_ROOT}.{bucket_of(tenant, site)}.{_token(tenant)}.{_token(site)}.{_token(event_type)}"


def bucket_of(tenant: str, site: str) -> int:
    """Return the bucket (0..63) of a site; a partition of the projector reads whole buckets."""
    digest = hashlib.blake2b(f"{tenant}\0{site}".encode(), digest_size=2).digest()
    return int.from_bytes(digest) % BUCKETS


def subjects_of_partition(partition: int, partitions: int) -> list[str]:
    """Return the subject filters that partition *partition* of *partitions* reads."""
    if partitions == 1:
        return [f"{SUBJECT_ROOT}.>"]
    return [f"{SUBJECT_ROOT}.{bucket}.>" for bucket in range(BUCKETS) if bucket % partitions == partition]


def message_id(tenant: str, site: str, event_id: str) -> str:
    """Return the ``Nats-Msg-Id``: stream-wide in NATS, so the tenant and site are inside it."""
    return hashlib.blake2b(f"{tenant}\0{site}\0{event_id}".encode(), digest_size=16).hexdigest()


def stream_settings(*, max_bytes: int, replicas: int) -> dict[str, Any]:
    """Return the JetStream settings that the invariants depend on, in the names of the JetStream API."""
    return {
        "name": STREAM,
        "subjects": [f"{SUBJECT_ROOT}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_bytes": max_bytes,
        "max_msgs": -1,
        "max_age": 0,
        "max_msgs_per_subject": -1,
        "max_msg_size": MAX_FACT_BYTES,
        "num_replicas": replicas,
        "duplicate_window": DUPLICATE_WINDOW_SECONDS * _NANOSECONDS,
        "deny_purge": True,
        "deny_delete": False,
        "allow_direct": True,
        "allow_atomic": True,
        "persist_mode": "default",
    }


# A change of these moves a limit, not a promise: the product updates them itself.
ADJUSTABLE = frozenset({"max_bytes", "num_replicas"})


def drift(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each setting of the stream that no longer is what the invariants need."""
    return [
        f"{name} is {actual.get(name, _UNSET.get(name))!r}, must be {value!r}"
        for name, value in wanted.items()
        if name not in ADJUSTABLE and actual.get(name, _UNSET.get(name)) != value
    ]


# What the server leaves out of its answer when it is not set.
_UNSET: Mapping[str, Any] = {
    "persist_mode": "default",
    "max_msgs": -1,
    "max_age": 0,
    "max_msgs_per_subject": -1,
    "deny_delete": False,
    "deny_purge": False,
    "allow_direct": False,
    "allow_atomic": False,
}


def _token(text: str) -> str:
    return text.replace(".", "/")
