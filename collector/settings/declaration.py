"""Setting: how one variable is declared, beside the field that it fills; and how a group of them is read."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

from msgspec import Struct

PREFIX = "COLLECTOR_"


class Setting(NamedTuple):
    """One variable; a secret may also come from the file that its name with ``_FILE`` behind it names.

    ``parse`` takes the text (the default's, too) and returns the value, or raises a ValueError whose text completes the
    sentence "COLLECTOR_X ...".
    """

    variable: str
    default: str
    parse: Callable[[str], Any]
    why: str
    secret: bool = False


class Group(Struct, frozen=True, kw_only=True):
    """Settings that belong together: each field is ``Annotated`` with its Setting. No secret shows in its repr."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []

    def contradictions(self) -> list[str]:
        """Return a sentence for each thing to mend that no single setting shows."""
        return []


AnyGroup = TypeVar("AnyGroup", bound=Group)


@cache
def settings_of(group: type[Group]) -> dict[str, Setting]:
    """Return the settings of *group* by field, in their order."""
    hints = get_type_hints(group, include_extras=True)
    return {field: hints[field].__metadata__[0] for field in group.__struct_fields__}


def read_group(group: type[AnyGroup], environment: Mapping[str, str], problems: list[str]) -> AnyGroup | None:
    """Return *group* as *environment* has it, or None after adding what is wrong to *problems*."""
    values: dict[str, Any] = {}
    found: list[str] = []
    for field, setting in settings_of(group).items():
        try:
            values[field] = setting.parse(_raw(setting, environment))
        except (ValueError, OSError) as error:
            found.append(f"{setting.variable} {error}")
    if not found:
        filled = group(**values)
        if not (found := filled.contradictions()):
            return filled
    problems += found
    return None


def _raw(setting: Setting, environment: Mapping[str, str]) -> str:
    direct = environment.get(setting.variable, "").strip()
    file = environment.get(f"{setting.variable}_FILE", "").strip() if setting.secret else ""
    if direct and file:
        raise ValueError(f"and {setting.variable}_FILE are both set; keep one")
    if not file:
        return direct or setting.default
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("cannot be read from the file that its _FILE variable names") from None
