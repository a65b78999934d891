"""Where facts live in NATS: each family's streams, their subjects and settings, and the id that makes a repeat known."""

import binascii
import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

SUBJECT_ROOT = "events"
BUCKETS = 64
MAX_FACT_BYTES = 64 * 1024
# A filter for the quick retries alone: 190 bytes of the server's memory an id, read again at every start. Later retries are
# told apart in Postgres.
DUPLICATE_WINDOW_SECONDS = 120
_NANOSECONDS = 1_000_000_000
_LEAST_ROOM_BYTES = 16 * 1024 * 1024

# What held every fact before each family had streams of its own.
FORMER_STREAM = "EVENTS"


class Family(Struct, frozen=True, kw_only=True):
    """A kind of facts with streams of its own; ``weight`` is its part of the room that all of them share."""

    name: str
    weight: int = 1

    @property
    def subjects(self) -> str:
        """Return the wildcard over every fact of the family."""
        return f"{SUBJECT_ROOT}.{self.name}.>"


FAMILIES: tuple[Family, ...] = (
    Family(name="web"),
    Family(name="turns"),
    Family(name="product"),
    Family(name="logs"),
)


class EventStream(Struct, frozen=True, kw_only=True):
    """One partition of a family: a stream that one projector reads whole."""

    family: str
    partition: int = 0
    partitions: int = 1

    @property
    def name(self) -> str:
        """Return the stream's name in NATS, such as ``EVENTS_WEB_0``."""
        return f"EVENTS_{self.family.upper()}_{self.partition}"

    @property
    def subjects(self) -> list[str]:
        """Return what the stream stores: every bucket of the family, or those that belong to the partition."""
        if self.partitions == 1:
            return [f"{SUBJECT_ROOT}.{self.family}.>"]
        return [
            f"{SUBJECT_ROOT}.{self.family}.{bucket}.>"
            for bucket in range(BUCKETS)
            if bucket % self.partitions == self.partition
        ]


def streams_of(families: Sequence[Family] = FAMILIES, *, partitions: int = 1) -> tuple[EventStream, ...]:
    """Return every stream of *families*."""
    return tuple(
        EventStream(family=family.name, partition=partition, partitions=partitions)
        for family in families
        for partition in range(partitions)
    )


@functools.lru_cache(maxsize=4096)
def stream_for(family: str, tenant: str, site: str, *, partitions: int = 1) -> EventStream:
    """Return the stream that holds the facts of a site."""
    return EventStream(family=family, partition=bucket_of(tenant, site) % partitions, partitions=partitions)


@functools.lru_cache(maxsize=4096)
def subject_of(family: str, tenant: str, site: str, event_type: str) -> str:
    """Return ``events.<family>.<bucket>.<tenant>.<site>.<type>``; dots, which NATS reserves, become slashes.

    Tenant and site are canonical when they get here (see collector/admit.py), so no wildcard can occur in them.
    """
    return f"{SUBJECT_ROOT}.{family}.{bucket_of(tenant, site)}.{_token(tenant)}.{_token(site)}.{_token(event_type)}"


def subjects_of_tenant(family: str, tenant: str) -> str:
    """Return the subject that every fact of *tenant* in *family* fits, and no other's."""
    return f"{SUBJECT_ROOT}.{family}.*.{_token(tenant)}.>"


def subjects_of_site(tenant: str, site: str) -> str:
    """Return the wildcard over every fact of a site, of whichever family."""
    return f"{SUBJECT_ROOT}.*.{bucket_of(tenant, site)}.{_token(tenant)}.{_token(site)}.>"


def bucket_of(tenant: str, site: str) -> int:
    """Return the bucket (0..63) of a site; a partition holds whole buckets."""
    digest = hashlib.blake2b(f"{tenant}\0{site}".encode(), digest_size=2).digest()
    return int.from_bytes(digest) % BUCKETS


def message_id(tenant: str, site: str, event_id: str) -> str:
    """Return the ``Nats-Msg-Id``, 128 bits as base64: it is stream-wide in NATS, so the tenant and site are inside it."""
    digest = hashlib.blake2b(f"{tenant}\0{site}\0{event_id}".encode(), digest_size=16).digest()
    return binascii.b2a_base64(digest, newline=False)[:22].decode()


def share_of(stream: EventStream, max_bytes: int, families: Sequence[Family] = FAMILIES) -> int:
    """Return how many of the *max_bytes* that all streams of *families* share are for *stream*."""
    weight = next(family.weight for family in families if family.name == stream.family)
    return max_bytes * weight // sum(family.weight for family in families) // stream.partitions


def changed_share(share: int, *, now: int, held: int) -> int:
    """Return what to set a stream's limit to when its share is *share*, its limit *now* and it holds *held* bytes.

    Never below what it holds and some room, for a full stream takes no more; and a limit that had to stay above its share for
    that reason never grows with what comes in.
    """
    return share if share >= now else min(now, max(share, held + max(held // 10, _LEAST_ROOM_BYTES)))


def stream_settings(stream: EventStream, *, max_bytes: int, replicas: int) -> dict[str, Any]:
    """Return the JetStream settings that the invariants depend on, in the names of the JetStream API."""
    return {
        "name": stream.name,
        "subjects": stream.subjects,
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
ADJUSTABLE = frozenset({"max_bytes", "num_replicas", "duplicate_window"})


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
