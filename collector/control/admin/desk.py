"""Desk: what the administration's handlers work with, and how each of them gets it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request
from msgspec import Struct

from collector.control.people import People
from collector.control.roster import Roster
from collector.control.signing_in import SignIns
from collector.control.tokens import Tokens
from collector.privacy.client_ip import TrustedProxies, client_ip
from contracts.throttle import Throttle

PlainRequest: TypeAlias = Request[Any, Any, Any]


class Desk(Struct, frozen=True, kw_only=True):
    """People, sessions and tokens of one installation; *where* a request comes from is for those who slow guessing, alone."""

    people: People
    sign_ins: SignIns
    tokens: Tokens
    roster: Roster
    throttle: Throttle
    where: Callable[[PlainRequest], str]
    is_https: bool
    clock: Callable[[], datetime]


def whereabouts(trusted: TrustedProxies) -> Callable[[PlainRequest], str]:
    """Return what says where a request comes from, behind the proxies that are *trusted*."""

    def where(request: PlainRequest) -> str:
        peer = request.client.host if request.client is not None else ""
        return client_ip(peer, request.headers.getall("x-forwarded-for", []), trusted)

    return where
