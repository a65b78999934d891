"""The logs family: a program reports what happened in it."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from collector.hit import Claim, Hit
from collector.kinds.kind import SUBJECTS, Kind
from collector.privacy.enrich.lists import Lists
from collector.privacy.identity import Identity
from collector.privacy.redact import clean
from collector.privacy.remains import Remains
from contracts.events import LogKind, LogRecorded, Priority, Scalar
from contracts.events.envelope import FIRST_YEAR

NAME_BYTES: Final = 120
WORD_BYTES: Final = 200
KEY_BYTES: Final = 255
# Of device and properties together, as JSON, so that a fact fits a message of the stream.
PROPS_BYTES: Final = 48_000
_json: Final = msgspec.json.Encoder()
_LATEST: Final = timedelta(days=1)


class LogClaim(Claim, frozen=True, kw_only=True):
    """What a program says happened; ``user`` and ``session`` are raw, and so is whatever else names them."""

    key: str
    kind: LogKind
    name: str
    priority: Priority = Priority.NORMAL
    user: str = ""
    session: str = ""
    app_version: str = ""
    provider: str = ""
    sequence: int | None = None
    device: Mapping[str, Any] = {}
    props: Mapping[str, Any] = {}


def happened_at(hit: Hit) -> datetime:
    """Return when it happened: as was said, for an app may have been offline for weeks; but nothing happens tomorrow."""
    said = hit.occurred_at
    if said is None or said.year < FIRST_YEAR or said - hit.received_at > _LATEST:
        return hit.received_at
    return said


def fact(claim: LogClaim, envelope: dict[str, Any], remains: Remains, _: Lists) -> LogRecorded:
    """Return *claim* as a fact: nobody is in it but as the site's policy has it, and no text unredacted."""
    identity, raws = remains.identity, frozenset((claim.user, claim.session)) - {""}
    device, left = _within(PROPS_BYTES, identity.props(claim.device, of=raws))
    props, _left = _within(left, identity.props(claim.props, of=raws))
    return LogRecorded(
        **envelope,
        kind=claim.kind,
        name=_word(claim.name, NAME_BYTES, identity, raws),
        priority=claim.priority,
        subject=identity.subject(claim.user),
        session=identity.subject(claim.session),
        app_version=_word(claim.app_version, WORD_BYTES, identity, raws),
        provider=_word(claim.provider, WORD_BYTES, identity, raws),
        sequence=claim.sequence,
        device=device,
        props=props,
        key="" if claim.key == envelope["id"] else _harmless_key(claim.key, raws),
    )


def _word(text: str, limit: int, identity: Identity, raws: Collection[str]) -> str:
    return identity.subject(text) if text in raws else clean(text, limit)


def _harmless_key(key: str, raws: Collection[str]) -> str:
    """Return *key*, or "" where it names somebody or is no more than can be told from the fact's id."""
    is_harmless = clean(key, KEY_BYTES) == key and not any(raw in key for raw in raws)
    return key if is_harmless else ""


def _within(room: int, props: dict[str, Scalar]) -> tuple[dict[str, Scalar], int]:
    """Return the first of *props* that fit *room* bytes, and the room that is left."""
    if (size := len(_json.encode(props))) <= room:
        return props, room - size  # nearly always
    kept: dict[str, Scalar] = {}
    for name, value in props.items():
        size = len(_json.encode(name)) + len(_json.encode(value)) + len(":,")
        if size > room:
            break
        room -= size
        kept[name] = value
    return kept, room


KIND: Final = Kind(claims=(LogClaim,), happened_at=happened_at, fact=fact, needs=SUBJECTS)
