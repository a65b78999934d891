"""The examples in the API's document, out of examples.json: a question and its answer, which a test gives word for word."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar.openapi.spec import Example
from msgspec import Struct

PLACE: Final = Path(__file__).with_name("examples.json")


class Exchange(Struct, frozen=True, kw_only=True):
    """A question, which stands in its address or its ``body``, and the answer to it."""

    name: str
    path: str
    body: dict[str, Any] | None = None
    answer: Any = None


@cache
def exchanges() -> tuple[Exchange, ...]:
    """Return every example."""
    return msgspec.json.decode(PLACE.read_bytes(), type=tuple[Exchange, ...])


def examples_of(answer: str) -> list[Example]:
    """Return the examples of the answer that addresses name by *answer*, such as overview."""
    return [Example(summary=f"{one.name}: {one.path}", value=one.answer) for one in exchanges() if _names(one.path, answer)]


def example_bodies() -> dict[str, dict[str, Any]]:
    """Return the bodies of the questions that have one, by what they are called."""
    return {one.name: one.body for one in exchanges() if one.body is not None}


def _names(path: str, answer: str) -> bool:
    return answer in path.partition("?")[0].split("/")
