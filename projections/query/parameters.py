"""The parameters of a question, written once: the parser, the OpenAPI document and the error texts loop over them."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from urllib.parse import parse_qsl

from msgspec import Struct

from projections.query.compared import Compare
from projections.query.metrics import IN_SERIES
from projections.query.ordering import MAX_OFFSET, SORTS, Direction
from projections.query.periods import Interval, Period
from projections.query.problems import Refused, bad_parameter

# Of one name: of repeated ones each has its own, lower bound, which says it in better words.
MAX_REPEATED = 200
# The server takes heads of 32 KiB, which have room for more than anybody needs.
MAX_PARAMETERS = 4000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What no table can hold.
_NUL = re.compile(r"\x00")


class Who(StrEnum):
    """Whose facts are counted."""

    HUMAN = "human"
    BOT = "bot"
    ALL = "all"


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter: its name, what it means, and the closed list of its values if there is one.

    What ``names_a_value`` takes whatever may be stored, also what nobody can type.
    """

    name: str
    meaning: str
    default: str = ""
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    names_a_value: bool = False

    @property
    def unreadable(self) -> re.Pattern[str]:
        """Return what no value of the parameter may hold."""
        return _NUL if self.names_a_value else _CONTROL


QUESTION_PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="period",
        meaning="Which local days; custom needs from and to, and all begins with the first fact of the site.",
        default="7d",
        choices=tuple(map(str, Period)),
    ),
    Parameter(name="from", meaning="First day of a custom period, as YYYY-MM-DD."),
    Parameter(name="to", meaning="Last day of a custom period, included, as YYYY-MM-DD."),
    Parameter(
        name="timezone",
        meaning="IANA time zone that days begin in, such as Europe/Oslo; by default the site's own, which is UTC until it is "
        "set.",
        default="UTC",
    ),
    Parameter(name="who", meaning="Whose facts count.", default="human", choices=tuple(map(str, Who))),
    Parameter(
        name="filter",
        meaning="dimension:value keeps what has the value, dimension!:value what has not. Before the colon (behind the !) may "
        "stand ~ (contains), ^ (starts with), $ (ends with) or * (matches: there * is anything but a slash, ** anything, and "
        "\\* a star). Case counts. Values of one dimension and operator are alternatives, everything else must hold together. "
        "An empty value means not known.",
        repeatable=True,
        names_a_value=True,
    ),
    Parameter(
        name="compare",
        meaning="What the numbers are compared with: the period before, the same days a year before, the same weekdays 52 "
        "weeks before, the days from compare_from to compare_to, or nothing. Unless it is named, an overview is compared with "
        "the period before, and series and breakdowns with nothing.",
        choices=tuple(map(str, Compare)),
    ),
    Parameter(name="compare_from", meaning="First day to compare with, as YYYY-MM-DD; with compare=custom."),
    Parameter(name="compare_to", meaning="Last day to compare with, included, as YYYY-MM-DD; with compare=custom."),
    Parameter(name="limit", meaning="How many rows, 1 to 1000.", default="100"),
    Parameter(name="offset", meaning=f"How many rows to leave out before the first, 0 to {MAX_OFFSET}.", default="0"),
    Parameter(
        name="sort",
        meaning="Column of a breakdown that its rows are ordered by, one of those that it has, or value; ties by value.",
        default="visitors",
        choices=SORTS,
    ),
    Parameter(
        name="order",
        meaning="Which end comes first; by default the greatest number, or the first value.",
        choices=tuple(map(str, Direction)),
    ),
    Parameter(
        name="search",
        meaning="Keeps the rows of a breakdown whose value contains this; the case of A to Z does not count.",
        names_a_value=True,
    ),
    Parameter(
        name="interval", meaning="Width of a bucket; by default what fits the period.", choices=tuple(map(str, Interval))
    ),
    Parameter(
        name="metric",
        meaning="The number of a time series.",
        default=IN_SERIES[0].name,
        choices=tuple(one.name for one in IN_SERIES),
    ),
)

# What only pages understand: which of a panel's tabs is open.
SHOW = Parameter(name="show", meaning="Dimension whose tab is open.", repeatable=True)
# And which decision a form has just made, which the door waits for.
AFTER = Parameter(name="after", meaning="Decision that the page is to show.")


def read_parameters(query_string: bytes, known: Iterable[Parameter] = QUESTION_PARAMETERS) -> dict[str, list[str]]:
    """Return the values of every known parameter in *query_string*, or raise Refused."""
    by_name = {parameter.name: parameter for parameter in known}
    values: dict[str, list[str]] = {}
    for name, value in _pairs(query_string):
        if name not in by_name:
            raise bad_parameter("", f"One of the parameters is not known. The known ones are {', '.join(by_name)}.")
        if by_name[name].unreadable.search(value):
            raise bad_parameter(name, "The value holds a control character. Send plain text.")
        if name in values and not by_name[name].repeatable:
            raise bad_parameter(name, "The parameter is given more than once. Send it once.")
        values.setdefault(name, []).append(value)
        if len(values[name]) > MAX_REPEATED:
            raise bad_parameter(name, f"The parameter is given too often. Send it at most {MAX_REPEATED} times.")
    return values


def legible_parameters(query_string: bytes, known: Iterable[Parameter]) -> dict[str, list[str]]:
    """Return what read_parameters() would if everything that it refuses were not there."""
    by_name = {parameter.name: parameter for parameter in known}
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string.decode("ascii", "ignore"), keep_blank_values=True)[:MAX_PARAMETERS]:
        if name not in by_name or "\N{REPLACEMENT CHARACTER}" in value or by_name[name].unreadable.search(value):
            continue
        if name not in values or by_name[name].repeatable:
            values.setdefault(name, []).append(value)
    return values


def one_of(parameter: Parameter, values: Mapping[str, list[str]]) -> str:
    """Return the one value of *parameter*, or its default; refuse what is not among its choices."""
    value = values.get(parameter.name, [""])[0] or parameter.default
    if parameter.choices and value and value not in parameter.choices:
        raise bad_parameter(parameter.name, f"Send one of {', '.join(parameter.choices)}.")
    return value


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        text = query_string.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeError as error:
        raise bad_parameter("", "The query is not UTF-8. Percent-encode it as UTF-8.") from error
    except ValueError as error:
        raise _too_many() from error


def _too_many() -> Refused:
    return bad_parameter("", f"There are too many parameters. Send at most {MAX_PARAMETERS}.")
