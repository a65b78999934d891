"""What a server says of its visitor in the body: neither address nor agent of its own request are theirs."""

from collector.hit import NOT_LOGGED, Person, Sender
from collector.outcomes import Refused, RefuseReason, Rejected, RejectReason
from collector.privacy.address import network_of
from contracts.control.keys import Scope

_WHOLE_V4, _WHOLE_V6 = 4, 16
LONGEST_AGENT = 4096


def visitor_of(
    sender: Sender, *, ip: object = None, user_agent: object = None, timezone: str = "", is_automated: bool = False
) -> Person:
    """Return the visitor whom *sender*, a server, speaks of; raise Refused where its key does not let it name one.

    Without an agent nobody is a robot and no device is known; without an address there is no telling one from another.
    """
    if ip is None and user_agent is None:
        return Person(ip="", user_agent=NOT_LOGGED, timezone=timezone, is_automated=is_automated, is_unnamed=True)
    if Scope.OVERRIDE_IDENTITY not in sender.scopes:
        raise Refused(RefuseReason.FORBIDDEN)
    address = _address(ip)
    return Person(
        ip=address,
        user_agent=_agent(user_agent),
        timezone=timezone,
        is_automated=is_automated,
        is_unnamed=not address,
    )


def _address(ip: object) -> str:
    if ip is None or ip == "":
        return ""
    address = network_of(ip, v4_bytes=_WHOLE_V4, v6_bytes=_WHOLE_V6) if isinstance(ip, str) else None
    if address is None:
        detail = "The visitor's ip is no IP address; send one, such as the peer's of your own request, or leave it out."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="ip")
    return address


def _agent(user_agent: object) -> str:
    if user_agent is None:
        return NOT_LOGGED
    if not isinstance(user_agent, str):
        detail = "The visitor's userAgent must be text; send their User-Agent header as it came, or leave it out."
        raise Rejected(RejectReason.WRONG_TYPE, detail, field="userAgent")
    return user_agent[:LONGEST_AGENT]
