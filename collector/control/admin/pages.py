"""Pages of a list: so many from one on, and after which the next ones stand."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.decided import invalid

View = TypeVar("View")

MOST: Final = 500
USUAL: Final = 100


class PageAsked(Struct, frozen=True, kw_only=True):
    """At most how many of a list are wanted, and behind which."""

    limit: int
    after: str

    @property
    def most(self) -> int:
        """Return how many to look for, so that it is known whether there are more."""
        return self.limit + 1


class Page(Struct, Generic[View], frozen=True, kw_only=True):
    """A part of a list; ``next`` is what to ask for as ``after``, and null on the last page."""

    items: list[View]
    next: str | None


async def page(request: PlainRequest) -> PageAsked:
    """Return which part of a list is asked for by ``limit`` and ``after``."""
    said = request.query_params.get("limit", str(USUAL))
    if not (said.isascii() and said.isdigit() and len(said) < len(str(MOST)) + 1 and 0 < int(said) <= MOST):
        raise invalid("limit", f"Send a whole number from 1 to {MOST}, or leave it out.")
    return PageAsked(limit=int(said), after=request.query_params.get("after", ""))


def cut(found: list[View], asked: PageAsked, *, key: Callable[[View], str]) -> Page[Any]:
    """Return the page of what was *found*, one more than was asked for where there are more."""
    items = found[: asked.limit]
    return Page(items=items, next=key(items[-1]) if len(found) > asked.limit else None)
