"""The envelope of a control event: which thing it is about, the how-manieth event of it, when, and who decided."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from contracts.events.envelope import Moment

# ``kind:key``, such as ``tenant:main``, ``site:main:shop.example`` or ``key:4f0c...``.
ThingId: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z]+:[a-z0-9._-]+(:[a-z0-9._-]+)?$", max_length=400)]
# Who decided: ``member:<id>``, ``key:<id>``; ``token``, the access token; ``here``, somebody on this machine; ``settings``.
Actor: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z]+(:[a-z0-9_-]{1,64})?$")]
# What people call a thing of theirs.
Label: TypeAlias = Annotated[str, Meta(pattern="^[^\\x00-\\x1f\\x7f]{0,100}$")]
TenantName: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=253)]
SiteName: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=253)]
# SHA-256, in hexadecimal.
Digest: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ControlEvent(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    rename={"originator_id": "id", "originator_version": "version"},
):
    """What every decision has: ``id`` of the thing that it is about, its ``version``, from 1, when it was made and ``by`` whom.

    The two are called as the library `eventsourcing` calls them, and are ``id`` and ``version`` on the wire. Of two events of
    one id and version, which a change of leader can let in, the first in the stream counts and the second is skipped.
    """

    originator_id: ThingId
    originator_version: Annotated[int, Meta(ge=1)]
    at: Moment
    by: Actor


def kind_of(thing_id: str) -> str:
    """Return what kind of thing *thing_id* names."""
    return thing_id.partition(":")[0]
