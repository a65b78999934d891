"""Credentials: what a request to the administration shows, and whose authority that is."""

import ipaddress

from litestar.di import NamedDependency

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.admin.door import visitor
from collector.control.admin.problems import forbidden
from collector.control.authority import EVERYTHING, Authority
from collector.control.denied import Denied, DeniedReason
from collector.outcomes import Refused, RefuseReason
from contracts.access import bearer_of, is_loopback_host, is_proxied, same_secret
from contracts.control.keys import Scope
from contracts.control.people import Grant, MemberState, Role
from contracts.keys import key_in_authorization
from contracts.sessions import COOKIE

_DOTS_OF_A_TOKEN = 2
_LOOKS = frozenset({"GET", "HEAD"})


async def authority(request: PlainRequest, desk: NamedDependency[Desk]) -> Authority:
    """Return on whose authority *request* decides, or raise Denied or Refused; what a header shows comes before a cookie."""
    if request.method not in _LOOKS:
        desk.deciding.refuse_lost()
    x_api_key, authorization = (request.headers.get(name, "").strip() for name in ("x-api-key", "authorization"))
    if not x_api_key and desk.access_token is not None and same_secret(bearer_of(authorization) or "", desk.access_token):
        return Authority(by="token", grants=EVERYTHING)
    if x_api_key or authorization:
        found = await _of_machine(desk, x_api_key or key_in_authorization(authorization))
        desk.pacing.take(request.scope, found.by)  # type: ignore[arg-type]  # what is ours stands in it, too
        return found
    if COOKIE in request.cookies:
        return await _of_member(request, desk)
    return await _of_nobody(request, desk)


async def _of_machine(desk: Desk, shown: str) -> Authority:
    try:
        sender = desk.recognise(shown, Scope.ADMIN.value)
    except Refused as refused:
        if refused.reason is RefuseReason.FORBIDDEN:
            raise _no_admin() from None
    else:
        return _owner(sender.credential, sender.tenant, sender.site or None)
    if shown.count(".") != _DOTS_OF_A_TOKEN:
        raise Denied(DeniedReason.TOKEN)
    claims = await desk.tokens.check(shown)
    if Scope.ADMIN not in claims.scopes or claims.tenant in (await desk.deciding.things()).archived:
        raise _no_admin()
    return _owner(claims.sub, claims.tenant, claims.site)


async def _of_member(request: PlainRequest, desk: Desk) -> Authority:
    try:
        found = await visitor(request, desk)
    except Denied as denied:
        if denied.reason is not DeniedReason.NOT_SIGNED_IN:
            raise
        return await _of_nobody(request, desk)
    archived = (await desk.deciding.things()).archived
    grants = tuple(grant for grant in found.member.grants if grant.tenant not in archived)
    return Authority(by=found.actor, grants=grants)


async def _of_nobody(request: PlainRequest, desk: Desk) -> Authority:
    """Return that whoever asks from this machine may do everything, while nobody is a member; else raise Denied."""
    if desk.access_token is not None or not _is_here(request):
        raise Denied(DeniedReason.NOT_SIGNED_IN)
    desk.deciding.refuse_lost()
    members = await desk.roster.members()
    if any(member.state is MemberState.JOINED for member in members.values()):
        raise Denied(DeniedReason.NOT_SIGNED_IN)
    return Authority(by="here", grants=EVERYTHING)


def _is_here(request: PlainRequest) -> bool:
    # By the peer as well: ingest may listen on every address without a token, and anybody can send any Host.
    try:
        is_near = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        is_near = False
    return is_near and is_loopback_host(request.headers.get("host", "")) and not is_proxied(request.headers.keys())


def _owner(short: str, tenant: str, site: str | None) -> Authority:
    return Authority(by=f"key:{short}", grants=(Grant(role=Role.OWNER, tenant=tenant, site=site),))


def _no_admin() -> Exception:
    return forbidden("scope", "The key may not administrate. Show one that has the scope admin.")
