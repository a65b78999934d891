"""Desk: what the administration's handlers work with, and how each of them gets it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request
from msgspec import Struct

from collector.control.admin.pacing import Pacing
from collector.control.deciding import Deciding
from collector.control.people import People
from collector.control.roster import Roster
from collector.control.signing_in import SignIns
from collector.control.tokens import Tokens
from collector.privacy.client_ip import TrustedProxies, client_ip
from collector.recognise import Recognise
from contracts.throttle import Throttle

PlainRequest: TypeAlias = Request[Any, Any, Any]


class Desk(Struct, frozen=True, kw_only=True):
    """What one installation is administrated with.

    ``where`` a request comes from is for those who slow guessing, alone. ``tenant`` is the one of the settings.
    """

    people: People
    sign_ins: SignIns
    tokens: Tokens
    roster: Roster
    deciding: Deciding
    recognise: Recognise
    access_token: str | None
    tenant: str
    public_url: str
    throttle: Throttle
    pacing: Pacing
    where: Callable[[PlainRequest], str]
    is_https: bool
    clock: Callable[[], datetime]

    def __repr__(self) -> str:
        return "Desk()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows the access token, and rich prints it in tracebacks.
        return []


def whereabouts(trusted: TrustedProxies) -> Callable[[PlainRequest], str]:
    """Return what says where a request comes from, behind the proxies that are *trusted*."""

    def where(request: PlainRequest) -> str:
        peer = request.client.host if request.client is not None else ""
        return client_ip(peer, request.headers.getall("x-forwarded-for", []), trusted)

    return where
