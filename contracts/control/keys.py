"""Keys: credentials of machines, of which the control plane holds a digest and never the secret."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from contracts.control.envelope import ControlEvent, Digest, Label, SiteName, TenantName
from contracts.events.envelope import Moment

KIND = "key"

KeyId = Annotated[str, Meta(pattern="^[0-9a-z]{1,32}$")]


class Scope(StrEnum):
    """What a credential may do; ``admin`` is no way to read or to send, and each is asked for by itself."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"
    OVERRIDE_IDENTITY = "identity:override"
    IMPORT = "import"


class KeyKind(StrEnum):
    """Whether a key may stand in a page, for everybody to see, and so do nothing but send; or is a secret."""

    PUBLIC = "public"
    SECRET = "secret"  # noqa: S105  # a word, and none


# All that a key may do which anybody can read in a page.
PUBLIC_SCOPES = frozenset({Scope.INGEST})


class KeyIssued(ControlEvent, frozen=True, tag="key_issued.v1"):
    """There is a key of ``tenant``, for one ``site`` or, where that is empty, all of them; ``digest`` is its SHA-256.

    It ends at ``expires_at``, if it does. ``replaces`` is the id of the key that it takes the place of.
    """

    tenant: TenantName
    kind: KeyKind
    scopes: tuple[Scope, ...]
    digest: Digest
    site: SiteName | None = None
    label: Label = ""
    expires_at: Moment | None = None
    replaces: KeyId | None = None


class KeyRetired(ControlEvent, frozen=True, tag="key_retired.v1"):
    """Another key takes this one's place; both work until ``until``, and then only the other."""

    until: Moment


class KeyRevoked(ControlEvent, frozen=True, tag="key_revoked.v1"):
    """The key is worth nothing any more."""


EVENTS = (KeyIssued, KeyRetired, KeyRevoked)


class Key(Struct, frozen=True, kw_only=True):
    """A key as its events leave it; it works until ``ends_at``, if that is set, and never once it ``is_revoked``."""

    id: str
    version: int
    tenant: TenantName
    kind: KeyKind
    scopes: tuple[Scope, ...]
    digest: Digest
    site: SiteName | None = None
    label: Label = ""
    issued_at: datetime
    ends_at: datetime | None = None
    replaces: KeyId | None = None
    is_revoked: bool = False

    def works_at(self, now: datetime) -> bool:
        """Say whether whoever shows it *now* is let in."""
        return not self.is_revoked and (self.ends_at is None or now < self.ends_at)


def key_id(short: str) -> str:
    """Return the id of the key whose own text names it *short*."""
    return f"{KIND}:{short}"


def fold(key: Key | None, event: ControlEvent) -> Key | None:
    """Return what *key* is after *event*; None while there is none."""
    version = event.originator_version
    if isinstance(event, KeyIssued):
        return Key(
            id=event.originator_id,
            version=version,
            tenant=event.tenant,
            kind=event.kind,
            scopes=event.scopes,
            digest=event.digest,
            site=event.site,
            label=event.label,
            issued_at=event.at,
            ends_at=event.expires_at,
            replaces=event.replaces,
        )
    if key is None:
        return None
    match event:
        case KeyRetired():
            ends = event.until if key.ends_at is None else min(event.until, key.ends_at)
            return structs.replace(key, version=version, ends_at=ends)
        case KeyRevoked():
            return structs.replace(key, version=version, is_revoked=True)
    return structs.replace(key, version=version)
