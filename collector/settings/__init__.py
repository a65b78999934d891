"""The settings, read from the environment once and checked all together: the whole, or the groups that one role needs."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct

from collector.settings.control import Control
from collector.settings.declaration import PREFIX, Setting, read_group, settings_of
from collector.settings.forwarding import Forwarding
from collector.settings.groups import (
    MOST_STREAM_BYTES,
    Collection,
    EventStreams,
    Http,
    Local,
    Log,
    LogLevel,
    Mode,
    Nats,
    Postgres,
    Privacy,
    SaltMode,
)
from collector.settings.limits import Limits
from collector.settings.minigem import Minigem
from collector.settings.query import Query

__all__ = [
    "GROUPS",
    "MOST_STREAM_BYTES",
    "SETTINGS",
    "Collection",
    "Control",
    "EventStreams",
    "Forwarding",
    "HealthcheckSettings",
    "Http",
    "IngestSettings",
    "InvalidSettings",
    "Limits",
    "Local",
    "Log",
    "LogLevel",
    "Minigem",
    "Mode",
    "Nats",
    "Postgres",
    "Privacy",
    "ProjectorSettings",
    "Query",
    "QuerySettings",
    "SaltMode",
    "Settings",
    "example",
    "read_settings",
    "read_settings_of",
]


class InvalidSettings(ValueError):
    """The environment is not usable; ``problems`` has one sentence for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class IngestSettings(Struct, frozen=True, kw_only=True):
    """What ingest is told."""

    collection: Collection
    local: Local
    http: Http
    nats: Nats
    stream: EventStreams
    privacy: Privacy
    control: Control
    limits: Limits
    minigem: Minigem
    log: Log


class QuerySettings(Struct, frozen=True, kw_only=True):
    """What the dashboard and the API are told."""

    collection: Collection
    local: Local
    http: Http
    nats: Nats
    postgres: Postgres
    control: Control
    query: Query
    minigem: Minigem
    log: Log


class ProjectorSettings(Struct, frozen=True, kw_only=True):
    """What the projector is told."""

    local: Local
    http: Http
    nats: Nats
    postgres: Postgres
    stream: EventStreams
    forwarding: Forwarding
    log: Log


class HealthcheckSettings(Struct, frozen=True, kw_only=True):
    """What is told to whoever asks a role on this machine how it is."""

    http: Http


class Settings(IngestSettings, frozen=True, kw_only=True):
    """All of it: for what runs more than one role, and for commands that look at everything."""

    postgres: Postgres
    query: Query
    forwarding: Forwarding


# All names begin alike, so what is a typo is more like one of them than that.
_ALIKE = 0.85
Told = TypeVar("Told", bound=Struct)

# In the order of env.example.
GROUPS = (Collection, Local, Http, Nats, Postgres, Query, EventStreams, Privacy, Control, Limits, Minigem, Log, Forwarding)
SETTINGS: tuple[Setting, ...] = tuple(setting for group in GROUPS for setting in settings_of(group).values())


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return all settings in *environment*, or raise InvalidSettings with every problem at once."""
    return read_settings_of(Settings, environment)


def read_settings_of(told: type[Told], environment: Mapping[str, str]) -> Told:
    """Return the groups that *told* names, or raise InvalidSettings; what is wrong with another group is no problem here."""
    problems: list[str] = []
    groups: dict[str, Any] = {name: read_group(group, environment, problems) for name, group in get_type_hints(told).items()}
    known = {setting.variable for setting in SETTINGS} | {f"{setting.variable}_FILE" for setting in SETTINGS if setting.secret}
    problems += [
        f"{name} is not a setting of this version; {_meant(name, known)}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]
    if problems:
        raise InvalidSettings(problems)
    return told(**groups)


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return f"did you mean {close[0]}?" if close else "see env.example"


def example() -> str:
    """Return env.example: every setting, its default and its reason."""
    lines = [
        "# Every setting, with its default and one line of why. Copy to .env and uncomment what you change: every command",
        "# reads .env in the folder it is run in, and the environment goes before it. A value with a # in it stands in quotes.",
    ]
    for setting in SETTINGS:
        secret = f" (or {setting.variable}_FILE, a file that holds it)" if setting.secret else ""
        lines += ["", f"# {setting.why}{secret}", f"#{setting.variable}={setting.default}"]
    return "\n".join(lines) + "\n"
