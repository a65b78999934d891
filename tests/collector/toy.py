"""A dialect, a family and keys of somebody else's, put together from public parts and lists of their own.

The toy dialect takes notes: ``POST /toy/{project}/note`` with a key in the head, ``POST /toy/notes`` with a key in the body,
and ``GET /toy/{project}/settings``, a document. Its answers are lines of text.
"""

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from collector.addresses import Mark
from collector.answer import Answer, retry_headers
from collector.arrival import Arrival, Head
from collector.decode import read_json
from collector.dialects.browser import read_browser
from collector.dialects.endpoint import Endpoint, Reply, ended_well
from collector.hit import Claim, Hit, Sender
from collector.kinds.kind import Kind
from collector.limit import LimitNobody
from collector.outcomes import Dropped, Failure, Outcome, Quota, Refused, RefuseReason, Rejected
from collector.privacy.enrich.lists import Lists
from collector.privacy.redact import clean
from collector.privacy.remains import Remains
from contracts.events import Fact

SECONDS = 7
PERSON = {"User-Agent": "toy/1.0 needle", "Accept-Language": "nb"}


class NoteTaken(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="note_taken.v1"):
    """Somebody took a note."""

    family: ClassVar[str] = "notes"

    project: str
    text: str
    country: str = ""


class NoteClaim(Claim, frozen=True, kw_only=True):
    project: str
    text: str


def note(claim: NoteClaim, envelope: dict[str, Any], remains: Remains, lists: Lists) -> NoteTaken:
    assert lists.version
    return NoteTaken(**envelope, project=claim.project, text=clean(claim.text, 100), country=remains.place.country)


def as_said(hit: Hit) -> datetime:
    return hit.occurred_at or hit.received_at


NOTES = Kind(claims=(NoteClaim,), happened_at=as_said, fact=note)


class Body(Struct):
    text: str
    key: str = ""
    project: str = "inbox"


_body = msgspec.json.Decoder(Body)


def hit(arrival: Arrival, body: Body, project: str, shown_key: str | None) -> Hit:
    return Hit(
        person=read_browser(arrival.head).person(timezone="Europe/Oslo"),
        sender=arrival.sender,
        site="",
        received_at=arrival.received_at,
        claim=NoteClaim(project=project, text=body.text),
        shown_key=shown_key,
    )


def read_project(arrival: Arrival) -> list[Hit | Rejected]:
    return [hit(arrival, read_json(arrival, _body), arrival.head.parameters["project"], None)]


def read_inbox(arrival: Arrival) -> list[Hit | Rejected]:
    body = read_json(arrival, _body)
    return [hit(arrival, body, body.project, body.key)]


def word(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    ended = ended_well(outcomes[0])
    by = arrival.sender.credential or "nobody in the head"
    return Answer(status=200, body=f"{'dropped' if isinstance(ended, Dropped) else 'noted'} for {by}".encode())


def word_by_header(_: Arrival, outcomes: list[Outcome]) -> Answer:
    return Answer(status=200, body=f"long, {type(outcomes[0]).__name__}".encode())


def refuse(failure: Failure) -> Answer:
    status = failure.status if isinstance(failure, Rejected | Refused) else 503
    return Answer(status=status, headers=retry_headers(failure), body=f"no: {failure.reason.value}".encode())


def in_head(head: Head) -> str:
    return head.header(b"x-toy-key")


def settings_of(head: Head, sender: Sender) -> Answer:
    return Answer(status=200, body=f"{head.parameters['project']} of {sender.credential}".encode())


TOY = (
    Endpoint(
        template="/toy/{project}/note",
        dialect="toy",
        methods=("POST",),
        limit=1000,
        read=read_project,
        word=word,
        refuse=refuse,
        scope="notes",
        shown_key=in_head,
    ),
    Endpoint(
        template="/toy/notes",
        dialect="toy",
        methods=("POST",),
        limit=1000,
        read=read_inbox,
        word=word,
        refuse=refuse,
        scope="notes",
    ),
    Endpoint(
        template="/toy/either",
        dialect="toy",
        methods=("POST",),
        limit=1000,
        read=read_inbox,
        word=word_by_header,
        mark=Mark(header=b"x-toy-form", value=b"long"),
    ),
    Endpoint(
        template="/toy/either",
        dialect="toy",
        methods=("POST",),
        limit=1000,
        read=read_inbox,
        word=word,
        refuse=refuse,
        scope="notes",
        mark=Mark(shape=lambda body: b'"project"' in body),
    ),
    Reply(
        template="/toy/{project}/settings", dialect="toy", answer=settings_of, refuse=refuse, scope="read", shown_key=in_head
    ),
)

KEYS = {
    "good": Sender(is_server=True, credential="k1", scopes=frozenset({"notes", "read"}), tenant="main", site="toy.example"),
    "reader": Sender(credential="k2", scopes=frozenset({"read"}), site="toy.example"),
}


def recognise(shown_key: str, scope: str) -> Sender:
    sender = KEYS.get(shown_key)
    if sender is None:
        raise Refused(RefuseReason.UNAUTHENTICATED)
    if scope not in sender.scopes:
        raise Refused(RefuseReason.FORBIDDEN)
    return sender


class AtMost(LimitNobody):
    """At most so many requests of each key, wherever it stands."""

    def __init__(self, most: int) -> None:
        self._left: Counter[str] = Counter()
        self._most = most

    def of_request(self, sender: Sender, _: Head) -> Quota | None:
        self.of_key_in_body(sender)

    def of_key_in_body(self, sender: Sender) -> None:
        if not sender.credential:
            return
        self._left[sender.credential] += 1
        if self._left[sender.credential] > self._most:
            raise Refused(RefuseReason.RATE_LIMITED, retry_after=SECONDS)
