"""The one table of addresses: (method, template) of ingest, administration, query and operator, and who answers each."""

import re
from collections.abc import Awaitable, Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from collector.addresses import Address, Addresses
from collector.asgi import App, Receive, Scope, Send
from collector.serving.health import OPERATOR

OTHER = "other"
Claims: TypeAlias = Iterable[tuple[str, str]]
_TAIL = re.compile(r"\{\w+:path\}")


class Owner(StrEnum):
    """Who answers at an address."""

    INGEST = "ingest"
    ADMIN = "admin"
    QUERY = "query"
    OPERATOR = "operator"


class AddressTable:
    """Who answers what: composed from what each part claims, and refused with AddressClash where two claim the same.

    ``POST /api/events`` may be ingest's while ``GET /api/events`` is query's. A path is the same with a slash behind it.
    """

    def __init__(self, claims: Mapping[Owner, Claims]) -> None:
        # An address that several endpoints of one part share is that part's, once; a preflight goes with what it asks for.
        parts = {owner: dict.fromkeys(claimed) for owner, claimed in {**claims, Owner.OPERATOR: OPERATOR}.items()}
        self._compiled = Addresses(
            Address(method=method, template=template, part=owner)
            for owner, claimed in parts.items()
            for method, template in claimed
            if method != "OPTIONS"
        )
        self.entries: tuple[Address[Owner], ...] = self._compiled.entries
        self._methods = sorted({entry.method for entry in self.entries})
        self._routes = {entry.template: _TAIL.sub("*", entry.template) for entry in self.entries}

    def owner(self, method: str, path: str) -> Owner | None:
        """Return who answers *method* at *path*, if anybody: a method that nobody takes is refused by whoever takes another."""
        if (found := self._found(method, path)) is not None:
            return found.part
        others = self._elsewhere(path)
        if method == "OPTIONS":
            # A preflight is for a page elsewhere, and those only send events.
            others.sort(key=lambda entry: entry.part is not Owner.INGEST)
        return others[0].part if others else None

    def takes(self, method: str, path: str) -> bool:
        """Say whether *method* is answered at *path*: HEAD as GET is, and a preflight as whatever it asks for."""
        if method == "OPTIONS":
            return bool(self._elsewhere(path))
        return self._found("GET" if method == "HEAD" else method, path) is not None

    def route(self, method: str, path: str) -> str:
        """Return the template at *path*, its tail as ``*``, from a closed list: "other" where there is nothing."""
        found = self._found(method, path) or next(iter(self._elsewhere(path)), None)
        return OTHER if found is None else self._routes[found.template]

    def _found(self, method: str, path: str) -> Address[Owner] | None:
        found = self._compiled.find(method, path) or self._compiled.find(method, path.rstrip("/") or "/")
        return None if found is None else found.entries[0]

    def _elsewhere(self, path: str) -> list[Address[Owner]]:
        """Return what other methods find at *path*, the most particular template first."""
        found = [entry for method in self._methods if (entry := self._found(method, path)) is not None]
        return sorted(found, key=lambda entry: entry.template.count("{"))


class Dispatch:
    """An ASGI app that hands to *ingest* and to *admin* what is theirs, and everything else to *query*, which words the 404."""

    def __init__(self, table: AddressTable, *, ingest: App, query: App, admin: App | None = None) -> None:
        self._table = table
        self._query = query
        self._apps: dict[Owner | None, App] = {Owner.INGEST: ingest, Owner.ADMIN: admin or query}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        owner = self._table.owner(scope["method"], scope["path"])
        return self._apps.get(owner, self._query)(scope, receive, send)
