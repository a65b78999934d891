"""The product family: somebody did something with a name in an app, or was described."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from collector.hit import Claim, Hit
from collector.kinds.content import id_of_content
from collector.kinds.kind import SUBJECTS, Kind
from collector.privacy.enrich.lists import Lists
from collector.privacy.identity import Identity
from collector.privacy.redact import clean
from collector.privacy.remains import Remains
from contracts.events import ActionRecorded, App, Place, ProductEvent, Scalar, SubjectDescribed

NAME_BYTES: Final = 120
WORD_BYTES: Final = 60
_LATEST: Final = timedelta(minutes=5)
# Apps tell late what they did while they were offline, and old data is sent again; before this nobody sent any, and each month
# in between costs a partition.
_EARLIEST: Final = datetime(2010, 1, 1, tzinfo=UTC)


class ProductClaim(Claim, frozen=True, kw_only=True):
    """Who, on which device, in which session, by the ids that the caller has for them, and with which app.

    ``content`` is a digest of all that an item says which has no id, but a time of its own.
    """

    content: str = ""
    user: str = ""
    device: str = ""
    session: str = ""
    app: App = App()

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the raw ids, which may stand among the properties, too."""
        return tuple(filter(None, (self.user, self.device, self.session)))


class ActionClaim(ProductClaim, frozen=True, kw_only=True):
    """Something with a name was done; what is nested among the properties is stored by its path.

    ``codes`` are properties that name a kind of failure and nobody, such as the hash of an exception, which the redactor would
    take for a token: they are stored as they are, unless one of them is an id. ``place`` is where a trusted proxy says it was.
    """

    name: str
    props: Mapping[str, Any] = {}
    duration_ms: int | None = None
    exit_code: int | None = None
    codes: Mapping[str, str] = {}
    place: Place | None = None


class DescriptionClaim(ProductClaim, frozen=True, kw_only=True):
    """Somebody has traits; those are stored that the site's policy names."""

    traits: Mapping[str, Any] = {}


def happened_at(hit: Hit) -> datetime:
    """Return when it happened by the caller's clock, and when it came in where that clock cannot be right."""
    said = hit.occurred_at
    if said is None or not _EARLIEST <= said <= hit.received_at + _LATEST:
        return hit.received_at
    return said


def fact(claim: ProductClaim, envelope: dict[str, Any], remains: Remains, _: Lists) -> ProductEvent:
    """Return *claim* as a fact: pseudonyms for ids, nothing personal among the properties, and traits as the policy says."""
    identity = remains.identity
    envelope |= {
        "id": id_of_content(claim.content, envelope, identity),
        "subject": identity.subject(claim.user),
        "device": identity.subject(claim.device),
        "session": identity.subject(claim.session),
        "app": _app(claim, identity),
        "place": (claim.place if isinstance(claim, ActionClaim) else None) or remains.place,
    }
    if isinstance(claim, ActionClaim):
        return ActionRecorded(
            **envelope,
            name=_word(claim.name, NAME_BYTES, claim, identity),
            props=identity.props(claim.props, of=claim.ids) | _codes(claim),
            duration_ms=claim.duration_ms,
            exit_code=claim.exit_code,
        )
    traits = claim.traits if isinstance(claim, DescriptionClaim) else {}
    told = identity.props(traits, of=claim.ids)
    return SubjectDescribed(**envelope, traits={name: value for name, value in told.items() if name in identity.kept})


def _codes(claim: ActionClaim) -> dict[str, Scalar]:
    return {clean(name, WORD_BYTES): code for name, code in claim.codes.items() if code not in claim.ids}


def _app(claim: ProductClaim, identity: Identity) -> App:
    app = claim.app
    return App(
        version=_word(app.version, WORD_BYTES, claim, identity),
        os=_word(app.os, WORD_BYTES, claim, identity),
        host=_word(app.host, WORD_BYTES, claim, identity),
        host_version=_word(app.host_version, WORD_BYTES, claim, identity),
    )


def _word(text: str, limit: int, claim: ProductClaim, identity: Identity) -> str:
    return identity.subject(text) if text in claim.ids else clean(text, limit)


KIND: Final = Kind(claims=(ActionClaim, DescriptionClaim), happened_at=happened_at, fact=fact, needs=SUBJECTS)
