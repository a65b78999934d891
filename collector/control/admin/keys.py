"""/v1/admin/keys: credentials of machines; a key is shown once, to whoever has it made, and kept by nobody here."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, structs

from collector.control.admin.desk import PlainRequest
from collector.control.admin.door import changed, done, showing_once
from collector.control.admin.fields import Several, Time, choices, moment
from collector.control.admin.motion import CREATED, OK, Motion, wrong_role
from collector.control.admin.pages import Page, PageAsked, cut
from collector.control.admin.shown import Shown
from collector.control.decided import Decided, conflict, not_found
from collector.control.new_key import NewKey, new_key
from collector.control.plane import ControlPlane
from collector.control.views import KeyView, key_view
from contracts.control.keys import Key, KeyKind, Scope, key_id

OVERLAP_HOURS: Final = 24
_WORDS: Final = "It is shown this once, and kept by nobody. Copy it now; if it is lost, make another."
_MARKED_BYTES: Final = 8


class WantedKey(Struct, frozen=True, kw_only=True):
    """A key to be: a public one may stand in a page and only sends; a secret one does what its scopes say."""

    scopes: Several
    kind: KeyKind = KeyKind.SECRET
    site: str | None = None
    label: str = ""
    expires_at: Time = ""
    tenant: str = ""


class Rotation(Struct, frozen=True, kw_only=True):
    """How long the key that is replaced works on, beside the new one, and until when the new one does."""

    overlap_hours: Annotated[int, Meta(ge=0, le=90 * 24)] = OVERLAP_HOURS
    expires_at: Time = ""


class KeyIssued(Struct, frozen=True, kw_only=True):
    """A key, known from the control sequence ``seq`` on; ``text`` is the key itself, null where it was shown before."""

    seq: int
    key: KeyView
    text: str | None

    def __repr__(self) -> str:
        return f"KeyIssued(seq={self.seq})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("seq", self.seq)]


class KeyChanged(Struct, frozen=True, kw_only=True):
    """The key as it is from the control sequence ``seq`` on."""

    seq: int
    key: KeyView


@get("/v1/admin/keys", summary="Keys")
async def list_keys(motion: NamedDependency[Motion], page: NamedDependency[PageAsked]) -> Page[KeyView]:
    """Return the tenant's keys, those that work no more included."""
    motion.require_owner()
    things = await motion.desk.deciding.things()
    found = things.some(Key, motion.tenant, after=key_id(page.after), most=page.most, fits=lambda key: _is_open_to(motion, key))
    return cut([key_view(key, motion.desk.clock()) for key in found], page, key=lambda view: view.id)


@get("/v1/admin/keys/{key:str}", summary="A key")
async def show_key(key: FromPath[str], motion: NamedDependency[Motion]) -> KeyView:
    """Return what is known of a key."""
    motion.require_owner()
    found = (await motion.desk.deciding.things()).thing(key_id(key))
    if not isinstance(found, Key) or not _is_open_to(motion, found):
        raise not_found("key")
    return key_view(found, motion.desk.clock())


@post("/v1/admin/keys", summary="Issue a key", status_code=201)
async def issue_key(request: PlainRequest, data: JSONBody[WantedKey], motion: NamedDependency[Motion]) -> Response[KeyIssued]:
    """Issue a key and show it once; with the Idempotency-Key of a key that there is, answer that one without its text."""
    motion.require_owner()
    site = data.site or None
    if site is not None and not motion.who.sees(motion.tenant, site):
        raise not_found("site")
    if not motion.who.owns(motion.tenant, site):
        raise wrong_role("A key for all sites is for an owner of all of them to issue. Name the site.")
    wanted = _Wanted(
        kind=data.kind,
        scopes=tuple(sorted(choices("scopes", data.scopes, Scope))),
        site=site,
        label=data.label,
        expires_at=moment("expires_at", data.expires_at),
    )
    await motion.settle_tenant()
    made = _made(motion)
    decided, is_new = await motion.desk.deciding.ask(lambda plane: _issued(plane, motion, made, wanted))
    return _shown(request, motion, decided, made if is_new else None)


@post("/v1/admin/keys/{key:str}/rotate", summary="Replace a key", status_code=201)
async def rotate_key(
    request: PlainRequest, key: FromPath[str], data: JSONBody[Rotation], motion: NamedDependency[Motion]
) -> Response[KeyIssued]:
    """Issue a key that does what this one does, and let both work for a while."""
    motion.require_owner()
    made, expires_at = _made(motion), moment("expires_at", data.expires_at)

    def rotate(plane: ControlPlane) -> tuple[Decided[Key], bool]:
        _known(plane, motion, key)
        there = plane.look(key_id(made.id))
        if there.thing is not None:
            if there.thing.replaces != key:
                raise conflict(_OTHERWISE)
            return Decided(seq=there.seq, thing=there.thing), False
        decided = plane.keys.rotate(
            motion.tenant,
            key,
            new=made.id,
            digest=made.digest,
            overlap=timedelta(hours=data.overlap_hours),
            expires_at=expires_at,
            by=motion.by,
            expected_version=motion.expected_version,
        )
        return decided, True

    decided, is_new = await motion.desk.deciding.ask(rotate)
    return _shown(request, motion, decided, made if is_new else None)


@post("/v1/admin/keys/{key:str}/revoke", summary="Revoke a key", status_code=200)
async def revoke_key(request: PlainRequest, key: FromPath[str], motion: NamedDependency[Motion]) -> Response[KeyChanged]:
    """Let a key be worth nothing any more, everywhere within two seconds."""
    motion.require_owner()

    def revoke(plane: ControlPlane) -> Decided[Key]:
        _known(plane, motion, key)
        return plane.keys.revoke(motion.tenant, key, by=motion.by, expected_version=motion.expected_version)

    decided = await motion.decide(revoke)
    answer = KeyChanged(seq=decided.seq, key=key_view(decided.thing, motion.desk.clock()))
    return changed(request, answer, seq=decided.seq, version=decided.thing.version)


class _Wanted(Struct, frozen=True, kw_only=True):
    """A key as it was asked for, read."""

    kind: KeyKind
    scopes: tuple[Scope, ...]
    site: str | None
    label: str
    expires_at: datetime | None


_OTHERWISE: Final = "There is a key of this Idempotency-Key, and it is not as this one. Send another Idempotency-Key."


def _issued(plane: ControlPlane, motion: Motion, made: NewKey, wanted: _Wanted) -> tuple[Decided[Key], bool]:
    """Return the key, and whether it was issued now and not before under the same mark."""
    there = plane.look(key_id(made.id))
    if there.thing is None:
        asked = structs.asdict(wanted)
        return plane.keys.issue(motion.tenant, made.id, digest=made.digest, by=motion.by, **asked), True
    key: Key = there.thing
    is_same = (key.kind, key.scopes, key.site, key.label) == (wanted.kind, wanted.scopes, wanted.site, wanted.label)
    if not is_same or key.is_revoked:
        raise conflict(_OTHERWISE)
    return Decided(seq=there.seq, thing=key), False


def _made(motion: Motion) -> NewKey:
    """Return a new key, whose id follows from the mark where one was sent: so the same request makes no second one."""
    if not motion.mark:
        return new_key()
    said = f"{motion.tenant}\0{motion.by}\0{motion.mark}".encode(errors="surrogatepass")
    return new_key(hashlib.blake2b(said, digest_size=_MARKED_BYTES).hexdigest())


def _known(plane: ControlPlane, motion: Motion, short: str) -> None:
    if not _is_open_to(motion, plane.keys.find(motion.tenant, short)):
        raise not_found("key")


def _is_open_to(motion: Motion, key: Key) -> bool:
    return key.tenant == motion.tenant and motion.who.owns(key.tenant, key.site)


def _shown(request: PlainRequest, motion: Motion, decided: Decided[Key], made: NewKey | None) -> Response[Any]:
    motion.desk.deciding.expect(decided.seq)
    view = key_view(decided.thing, motion.desk.clock())
    if made is None:
        return done(request, KeyIssued(seq=decided.seq, key=view, text=None), seq=decided.seq, status=OK)
    answer = KeyIssued(seq=decided.seq, key=view, text=made.text)
    shown = Shown(title="A new key", name="Key", text=made.text, words=_WORDS)
    return showing_once(request, answer, shown, seq=decided.seq, status=CREATED)


KEYS = (list_keys, show_key, issue_key, rotate_key, revoke_key)
