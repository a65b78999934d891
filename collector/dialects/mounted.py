"""A system mounted whole: its endpoints and documents under a prefix, in its own form, so that a base URL can choose."""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import structs

from collector.arrival import Head
from collector.dialects.endpoint import Endpoint, Reply
from contracts.mounts import Mount

Part: TypeAlias = Endpoint | Reply


def of_mount(mount: Mount, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return *parts*, at the addresses that they have, as those of *mount*: what names no site goes to the one bound to it."""
    return tuple(structs.replace(part, mount=mount.value) if isinstance(part, Endpoint) else part for part in parts)


def mounted(mount: Mount, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return *parts* once more, each behind ``/<mount>``."""
    return tuple(structs.replace(part, template=_behind(f"/{mount.value}", part)) for part in of_mount(mount, parts))


def mounted_by_key(mount: Mount, endpoints: Iterable[Endpoint]) -> tuple[Part, ...]:
    """Return *endpoints* once more, each behind ``/<mount>/{mount_key}``: a key in the path says whose site it is.

    For clients that can be told an address and nothing else. What stands in a path can be read by others, so that it should be
    a public key, which can do nothing but send.
    """
    behind = f"/{mount.value}/{{mount_key}}"
    return tuple(
        structs.replace(endpoint, template=_behind(behind, endpoint), shown_key=key_in_path)
        for endpoint in of_mount(mount, endpoints)
        if isinstance(endpoint, Endpoint)
    )


def key_in_path(head: Head) -> str:
    """Return the key that stands in the address."""
    return head.parameters["mount_key"]


def _behind(prefix: str, part: Part) -> str:
    return prefix if part.template == "/" else prefix + part.template
