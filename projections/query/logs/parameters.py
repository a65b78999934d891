"""The parameters by which lines are searched on a page, written once: the parser, the form and its links loop over them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from projections.query.caller import Caller
from projections.query.logs.question import KINDS, LAST_MOMENT, PRIORITIES, LogQuestion
from projections.query.parameters import Parameter, one_of
from projections.query.problems import bad_parameter

LINES_A_PAGE: Final = 50
LAST_PAGE: Final = 100_000
LONGEST_VALUE: Final = 255

KIND = Parameter(name="type", meaning="What lines are about.", choices=KINDS)
PRIORITY = Parameter(name="priority", meaning="How much the program cares about them.", choices=PRIORITIES)
NAME = Parameter(name="name", meaning="What they are called, in full.")
USER = Parameter(name="user", meaning="Whom they are about: the user id, or what stands for it.")
SESSION = Parameter(name="session", meaning="Of which session: its id, or what stands for it.")
PROVIDER = Parameter(name="provider", meaning="Which part of the program speaks.")
VERSION = Parameter(name="version", meaning="Of which version of the app.")
SINCE = Parameter(name="from", meaning="Received from this moment on, in UTC.")
UNTIL = Parameter(name="to", meaning="Received up to this moment, in UTC.")
PAGE = Parameter(name="page", meaning="Which page of what is found.", default="1")
TEXTS: Final = (NAME, USER, SESSION, PROVIDER, VERSION)
MOMENTS: Final = (SINCE, UNTIL)
LOG_PARAMETERS: Final = (KIND, PRIORITY, *TEXTS, *MOMENTS, PAGE)


def parse_log_question(values: Mapping[str, list[str]], *, caller: Caller, site: str) -> LogQuestion:
    """Return what *values* ask of *site*, but for people, or raise Refused, which names the first parameter that is wrong."""
    for parameter in TEXTS:
        if len(said(parameter, values)) > LONGEST_VALUE:
            raise bad_parameter(parameter.name, f"The value is too long. Send at most {LONGEST_VALUE} characters.")
    return LogQuestion(
        caller=caller,
        site=site,
        kind=one_of(KIND, values),
        priority=one_of(PRIORITY, values),
        name=said(NAME, values),
        provider=said(PROVIDER, values),
        app_version=said(VERSION, values),
        since=_moment(SINCE, values),
        until=_moment(UNTIL, values),
        limit=LINES_A_PAGE,
        offset=(_page(values) - 1) * LINES_A_PAGE,
    )


def said(parameter: Parameter, values: Mapping[str, list[str]]) -> str:
    """Return what *values* say of *parameter*, without blanks around it."""
    return one_of(parameter, values).strip()


def _moment(parameter: Parameter, values: Mapping[str, list[str]]) -> datetime | None:
    text = said(parameter, values)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return min(at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC), LAST_MOMENT)
    except (ValueError, OverflowError):
        raise bad_parameter(parameter.name, "The moment cannot be read. Send one such as 2026-11-18T15:00.") from None


def _page(values: Mapping[str, list[str]]) -> int:
    text = said(PAGE, values)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LAST_PAGE)) and 1 <= int(text) <= LAST_PAGE):
        raise bad_parameter(PAGE.name, f"Send a whole number from 1 to {LAST_PAGE}.")
    return int(text)
