"""Hit: a person, a sender and a claim that something happened; it lives for microseconds."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from collector.outcomes import Change

# What an import says where its log holds no user agents, and a server that has not passed its visitor's on: nothing can be told
# from one, nor from its absence.
NOT_LOGGED: Final = "(not logged)"


class Signal(StrEnum):
    """What a browser asks for in a header: to be left out, or that nobody has seen the page yet."""

    GPC = "gpc"
    DNT = "dnt"
    PREFETCH = "prefetch"


class Person(Struct, frozen=True, kw_only=True):
    """Whom a request came from; only the front rooms and privacy may touch it, and no repr shows it.

    ``language`` is the primary subtag of the language that was asked for first. ``is_automated`` is the client's own word, and
    ``has_odd_headers`` says that a browser would have sent others (see dialects/browser.py). ``is_unnamed`` is somebody of whom
    a server has said nothing that could tell them apart: they make an event, and no visitor.
    """

    ip: str
    user_agent: str
    timezone: str = ""
    language: str = ""
    is_automated: bool = False
    has_odd_headers: bool = False
    is_unnamed: bool = False

    def __repr__(self) -> str:
        return "Person()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []


class Sender(Struct, frozen=True, kw_only=True):
    """Who speaks for the person: a page in a browser, or whoever holds a key.

    ``credential`` is the id of the key, never the key. ``site`` is the one site that the key is for, empty for any that the
    caller names; ``tenant`` is whose key it is, empty for the one tenant of an installation without keys. Who ``is_server``
    holds a secret, and speaks of others: neither address nor agent of the request are a visitor's. Whoever holds another key is
    a page, with which many send.
    """

    credential: str = ""
    scopes: frozenset[str] = frozenset()
    tenant: str = ""
    site: str = ""
    is_server: bool = False

    def __repr__(self) -> str:
        return "Sender()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


A_PAGE: Final = Sender()


class Claim(Struct, frozen=True, kw_only=True):
    """What the caller says happened: each family of collector/kinds has its own; a repr says which one and no more."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class Hit(Struct, frozen=True, kw_only=True):
    """What a dialect read from one item of a request.

    ``site`` is what the caller claims ("" when nothing was said). ``key`` is the caller's own id for retries. ``occurred_at``
    is already corrected for the caller's clock, None for "now". ``batch`` names an import. ``shown_key`` is a key that stood in
    the body and has yet to be recognised, "" where one should have stood. ``changes`` are what the dialect left out.
    """

    person: Person
    sender: Sender
    site: str
    received_at: datetime
    claim: Claim
    key: str | None = None
    occurred_at: datetime | None = None
    batch: str | None = None
    signals: frozenset[Signal] = frozenset()
    shown_key: str | None = None
    changes: tuple[Change, ...] = ()

    def __repr__(self) -> str:
        return f"Hit(claim={self.claim!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("claim", self.claim)]
