"""Endpoint and Reply: what a dialect is made of, ways to read requests into hits and to word how they ended, and documents."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from msgspec import Struct

from collector.addresses import Mark
from collector.answer import EXPOSED_CHANGES, Answer, Headers, problem_of
from collector.arrival import Arrival, Head
from collector.hit import Hit, Sender
from collector.outcomes import Dropped, Failure, Outcome, Refused, Rejected, Stored, Unavailable

# One item of a request: a hit, a refusal, or one still unread, which is called for its hit and may raise Rejected: what goes
# wrong in there, a defect of ours included, costs no other item.
Item: TypeAlias = Hit | Rejected | Callable[[], Hit]

# Beside what every answer exposes: browsers read the lines as one list (Fetch standard).
_EXPOSED_ROBOT: Final = (b"access-control-expose-headers", b"x-collector-robot")


class Endpoint(Struct, frozen=True, kw_only=True):
    """One address that takes hits.

    ``read`` raises Rejected for the request as a whole and lists it for a single item; ``word`` may raise how a lone hit ended
    badly. What fails as a whole, ``refuse`` words. ``shown_key`` finds the key in the head ("" where it is missing, None where
    it may stand in the body: then ``read`` hands it on in each hit); an endpoint without it asks for no key. ``scope`` is what
    a key must allow, ``limit`` the most bytes of a body, ``mark`` what tells the endpoint from others at its address. ``mount``
    is the system that it belongs to: a hit that names no site, with a key or by itself, is for the one that is bound to that.
    ``carried`` are the headers that each of its answers has beside what they say, such as the request's id. To one
    that ``takes_beacons`` pages send without a key, also a beacon of JSON.
    """

    template: str
    dialect: str
    methods: tuple[str, ...]
    limit: int
    read: Callable[[Arrival], Sequence[Item]]
    word: Callable[[Arrival, list[Outcome]], Answer]
    refuse: Callable[[Failure], Answer] = problem_of
    scope: str = ""
    shown_key: Callable[[Head], str | None] | None = None
    mark: Mark | None = None
    carried: Callable[[Head], Headers] | None = None
    mount: str = ""
    takes_beacons: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """What a document may tell of the installation: for which tenant it collects, and what time it is."""

    tenant: str
    at: datetime


class Reply(Struct, frozen=True, kw_only=True):
    """One address that answers with a document and takes no hits; it is there while the stream is not.

    ``of_standing``, where it is given, answers in the place of ``answer``.
    """

    template: str
    dialect: str
    answer: Callable[[Head, Sender], Answer]
    methods: tuple[str, ...] = ("GET", "HEAD")
    refuse: Callable[[Failure], Answer] = problem_of
    scope: str = ""
    shown_key: Callable[[Head], str | None] | None = None
    mark: Mark | None = None
    of_standing: Callable[[Standing], Answer] | None = None


def ended_well(outcome: Outcome) -> Stored | Dropped:
    """Return how a lone hit ended well, or raise how it did not; the endpoint's ``refuse`` words the rest."""
    if isinstance(outcome, Rejected | Refused | Unavailable):
        raise outcome
    return outcome


def told_of(outcome: Stored | Dropped) -> Headers:
    """Return what the sender should hear of how a lone hit ended well: mostly nothing.

    Else why it was dropped, or by which rule it is a robot's and what of it was stored otherwise than it was sent.
    """
    if isinstance(outcome, Dropped):
        return ((b"x-collector-dropped", outcome.reason.value.encode()),)
    robot = (_EXPOSED_ROBOT, (b"x-collector-robot", outcome.robot.encode())) if outcome.robot else ()
    if not outcome.changes:
        return robot
    return (*robot, EXPOSED_CHANGES, (b"x-collector-changed", ", ".join(outcome.changes).encode()))
