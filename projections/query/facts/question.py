"""What somebody asks of the facts themselves: which family's, which days, behind which fact, how many."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from contracts.control.keys import Scope
from projections.query.caller import Caller
from projections.query.facts.families import FAMILIES, Family
from projections.query.parameters import QUESTION_PARAMETERS, Parameter, one_of
from projections.query.problems import bad_parameter, forbidden
from projections.query.question import WebQuestion, parse_question

MAX_LIMIT: Final = 10_000
_USUAL_LIMIT: Final = 1000
_INCLUDED, _LEFT_OUT = "included", "left_out"
_OF_WEB: Final = ("who", "filter")
_OF_TIME: Final = ("period", "from", "to", "timezone")

FAMILY: Final = Parameter(
    name="family",
    meaning="Whose facts: of web sites, of turns with an AI, of a product or of logs.",
    default="web",
    choices=tuple(FAMILIES),
)
_CURSOR: Final = Parameter(
    name="cursor",
    meaning="Begin behind this fact: its occurred_at (of logs, received_at), an underscore, and its id. An answer that is cut "
    "says its own.",
)
_LIMIT: Final = Parameter(
    name="limit",
    meaning=f"How many facts, 1 to {MAX_LIMIT}; as JSON {_USUAL_LIMIT} by default, as CSV and lines all of them.",
)
_PEOPLE: Final = Parameter(
    name="people",
    meaning="Whether the columns come that say who somebody is, which takes the scope admin. Visitors' ids never come.",
    default=_LEFT_OUT,
    choices=(_LEFT_OUT, _INCLUDED),
)
FACTS_PARAMETERS: Final = (
    FAMILY,
    *(parameter for parameter in QUESTION_PARAMETERS if parameter.name in (*_OF_TIME, *_OF_WEB)),
    _CURSOR,
    _LIMIT,
    _PEOPLE,
)
_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+ -][0-9]{2}:[0-9]{2}))"
    r"_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


class Cursor(Struct, frozen=True):
    """Which fact was the last one: when it happened, and its id."""

    at: datetime
    id: str

    def __str__(self) -> str:
        """Return the cursor as an address has it."""
        return f"{self.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}_{self.id}"


class FactsQuestion(Struct, frozen=True, kw_only=True):
    """Whose facts, of which days, and which of them; ``limit`` is None for all."""

    asked: WebQuestion
    family: Family
    behind: Cursor | None
    limit: int | None
    with_people: bool


def parse_facts(values: Mapping[str, list[str]], *, caller: Caller, site: str, now: datetime, takes_all: bool) -> FactsQuestion:
    """Return the question in *values*, or raise Refused; it *takes_all* facts where nobody says how many."""
    family = FAMILIES[one_of(FAMILY, values)]
    if family.name != FAMILY.default and (field := next((name for name in _OF_WEB if name in values), None)):
        raise bad_parameter(field, "Only facts of web sites are told apart by it. Leave it out.")
    with_people = one_of(_PEOPLE, values) == _INCLUDED
    if with_people and Scope.ADMIN not in caller.scopes:
        raise forbidden(
            "scope", "Who people are is told to the scope admin alone. Leave people out, or show a key that has it."
        )
    asked = parse_question(
        {name: value for name, value in values.items() if name in (*_OF_TIME, *_OF_WEB)}, caller=caller, sites=(site,), now=now
    )
    return FactsQuestion(
        asked=asked,
        family=family,
        behind=_cursor(one_of(_CURSOR, values)),
        limit=_limit(one_of(_LIMIT, values), takes_all=takes_all),
        with_people=with_people,
    )


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    parts = _WRITTEN.fullmatch(text)
    try:
        # A plus that nobody has percent-encoded comes as a blank.
        at = datetime.fromisoformat(parts[1].replace(" ", "+") if parts else "").astimezone(UTC)
    except (ValueError, OverflowError):
        detail = "Send the moment and the id of the last fact that you have, with an underscore between them."
        raise bad_parameter(_CURSOR.name, detail) from None
    assert parts is not None  # noqa: S101  # what does not match is no moment
    return Cursor(at, parts[2])


def _limit(text: str, *, takes_all: bool) -> int | None:
    if not text:
        return None if takes_all else _USUAL_LIMIT
    # isdecimal alone takes Arabic digits, and int() takes very long ones.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_LIMIT)) and 1 <= int(text) <= MAX_LIMIT):
        raise bad_parameter(_LIMIT.name, f"Send a whole number from 1 to {MAX_LIMIT}.")
    return int(text)
