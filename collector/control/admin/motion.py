"""Motion: what somebody wants decided, about whose things, and whether they may; every handler of a change asks it."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from litestar.di import NamedDependency
from litestar.exceptions import SerializationException
from msgspec import Struct

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.admin.problems import Refused, forbidden
from collector.control.authority import Authority
from collector.control.decided import Decided, invalid, not_found
from collector.control.plane import ControlPlane
from contracts.control import Thing

T = TypeVar("T", bound=Thing)
OK: Final = 200
CREATED: Final = 201

# Of several tenants of a member, the one that they look at on pages.
TENANT_COOKIE: Final = "collector_tenant"
TENANT_HEADER: Final = "x-tenant-id"
# What stands for the whole installation where a tenant is named.
EVERYWHERE: Final = "*"
_VERSION = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
_LONGEST_MARK: Final = 200


class Motion(Struct, frozen=True, kw_only=True):
    """Who wants something decided about *tenant*, after which version; ``mark`` is theirs, and the same in a repetition."""

    desk: Desk
    who: Authority
    tenant: str
    is_everywhere: bool
    expected_version: int | None
    mark: str

    @property
    def by(self) -> str:
        """Return who decides, as control events name them."""
        return self.who.by

    async def decide(self, command: Callable[[ControlPlane], Decided[T]]) -> Decided[T]:
        """Return what *command* decides, or raise Undecided."""
        return await self.desk.deciding.decide(command)

    async def add(self, thing_id: str, command: Callable[[ControlPlane], Decided[T]]) -> tuple[Decided[T], int]:
        """Return what *command* adds and 201, or what was there before and 200."""

        def adding(plane: ControlPlane) -> tuple[Decided[T], int]:
            before = plane.look(thing_id).version
            decided = command(plane)
            return decided, CREATED if decided.thing.version > before else OK

        decided, status = await self.desk.deciding.ask(adding)
        self.desk.deciding.expect(decided.seq)
        return decided, status

    async def settle_tenant(self) -> None:
        """Let there be the tenant of the settings, which is added with the first that it has."""
        if self.tenant == self.desk.tenant:
            await self.desk.deciding.ask(lambda plane: plane.tenants.settle(self.tenant, by=self.by))

    def require_installation(self) -> None:
        """Raise Refused for whoever does not run the installation."""
        if not self.who.runs_installation:
            raise wrong_role("Only who owns the installation decides about tenants.")

    def require_editor(self, site: str | None = None) -> None:
        """Raise Refused for whoever may only look at *site*, and Undecided, as if there were none, where it is not theirs."""
        if site is not None and not self.who.sees(self.tenant, site):
            raise not_found("site")
        if not self.who.edits(self.tenant, site):
            raise wrong_role("Ask an owner or an editor to do it, or to give you that role.")

    def require_owner(self) -> None:
        """Raise Refused for whoever owns nothing of the tenant."""
        if not self.who.owns_any(self.tenant):
            raise wrong_role("Keys and people are an owner's. Ask one to do it, or to give you that role.")


async def motion(request: PlainRequest, desk: NamedDependency[Desk], who: NamedDependency[Authority]) -> Motion:
    """Return what *request* wants: about which tenant, after which version, and under which mark."""
    said = await _said(request)
    named = {
        name
        for name in (request.headers.get(TENANT_HEADER), request.query_params.get("tenant"), said.get("tenant"))
        if isinstance(name, str) and name
    }
    tenant = _tenant(who, named - {EVERYWHERE}, request.cookies.get(TENANT_COOKIE, ""), desk.tenant)
    return Motion(
        desk=desk,
        who=who,
        tenant=tenant,
        is_everywhere=EVERYWHERE in named,
        expected_version=_version(request.headers.get("if-match") or said.get("expected_version")),
        mark=_mark(request.headers.get("idempotency-key") or said.get("idempotency_key")),
    )


def wrong_role(detail: str) -> Refused:
    """Return the refusal of who may see it, and not decide it."""
    return forbidden("role", detail)


def _tenant(who: Authority, named: set[str], looked_at: str, default: str) -> str:
    if len(named) > 1 or any(not who.reaches(name) for name in named):
        raise forbidden("wrong_tenant", "The tenant is not yours. Leave it out, or show what is that tenant's.")
    candidates = [*named, looked_at, default, *who.tenants]
    found = next((name for name in candidates if name and who.reaches(name)), None)
    if found is None:
        raise wrong_role("Nothing is open to you here. Ask whoever runs Collector to grant you a site or a tenant.")
    return found


async def _said(request: PlainRequest) -> dict[str, Any]:
    """Return the body where it is an object; what else it may be is told by the handler that wants it."""
    if not await request.body():
        return {}
    try:
        said = await request.json()
    except (SerializationException, msgspec.DecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _version(said: object) -> int | None:
    if said in (None, "", "*"):
        return None
    found = _VERSION.fullmatch(str(said))
    if found is None:
        raise invalid("expected_version", "Send the version that you have seen, as a number, or leave it out.")
    return int(found[1])


def _mark(said: object) -> str:
    if said in (None, ""):
        return ""
    if not isinstance(said, str) or len(said) > _LONGEST_MARK:
        raise invalid("idempotency_key", f"Send at most {_LONGEST_MARK} characters, or leave it out.")
    return said
