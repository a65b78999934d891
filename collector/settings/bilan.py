"""bilan-server's variables, and which setting of ours each one means, or why it means none."""

import os
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Final, NamedTuple

from collector.settings import InvalidSettings
from collector.settings.declaration import PREFIX

DATA_FOLDER: Final = ".collector"
# Fastify's words for how much a log says that are none of ours.
_LEVELS: Final = {"warn": "warning", "fatal": "error", "trace": "debug"}


class Meaning(NamedTuple):
    """What one variable of bilan's becomes: our variable, how its value is read, and words where it is not one of ours."""

    ours: tuple[str, ...]
    read: Callable[[str], str] = str
    words: str = ""


def data_of(db: str) -> str:
    """Return the data directory beside the file that bilan would keep its events in."""
    return str(Path(db).parent / DATA_FOLDER)


def level_of(word: str) -> str:
    """Return how much is logged, in our word."""
    return _LEVELS.get(word.lower(), word.lower())


def key_of(text: str) -> str:
    """Return bilan's one key as an entry of the listed keys: it may send and read."""
    return f"{os.environ.get('COLLECTOR_TENANT') or 'main'}:ingest+read:{text}"


ANY_PAGE: Final = (
    "Any page may send, with or without CORS; `collector sites origins SITE https://...` takes it from some alone."
)
LOGS: Final = "Logs go to standard output and into the data directory's logs; redirect them where you want them."

VARIABLES: Final[Mapping[str, Meaning]] = {
    "BILAN_PORT": Meaning(("COLLECTOR_PORT",)),
    "BILAN_HOST": Meaning(("COLLECTOR_HOST",)),
    "BILAN_DB_PATH": Meaning(("COLLECTOR_DATA",), data_of),
    "BILAN_API_KEY": Meaning(("COLLECTOR_API_KEYS",), key_of),
    "BILAN_RATE_LIMIT": Meaning(("COLLECTOR_LIMIT_ADDRESS", "COLLECTOR_LIMIT_KEY")),
    "BILAN_LOG_LEVEL": Meaning(("COLLECTOR_LOG_LEVEL",), level_of),
    "BILAN_DEV_MODE": Meaning(("COLLECTOR_MODE",), lambda said: "development" if said.lower() == "true" else "production"),
    "BILAN_CORS_ORIGINS": Meaning((), words=ANY_PAGE),
    "BILAN_CORS_ORIGIN": Meaning((), words=ANY_PAGE),
    "BILAN_CORS_CREDENTIALS": Meaning((), words="There is no cookie, so nothing is ever sent with credentials."),
    "BILAN_LOG_FILE": Meaning((), words=LOGS),
    "BILAN_DB_WAL_MODE": Meaning((), words="Postgres always writes ahead, and the events are in a log of their own."),
    "BILAN_DB_BACKUP_INTERVAL": Meaning((), words="Nothing is backed up by itself; let cron run `bilan backup`."),
}


def take_over_variables(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Set each of our variables that bilan's mean and nobody has set; return a sentence for each that means nothing here."""
    sentences = []
    for name, meaning in VARIABLES.items():
        if (said := _said(environment, name)) is None:
            continue
        for ours in meaning.ours:
            if not environment.get(ours) and not environment.get(f"{ours}_FILE"):
                environment[ours] = meaning.read(said)
        if meaning.words:
            sentences.append(f"{name}: {meaning.words}")
    return sentences


def overrule(environment: MutableMapping[str, str] = os.environ, **settings: str) -> None:
    """Set our variables of these names, for this program and those that it starts."""
    for name, value in settings.items():
        environment[f"{PREFIX}{name.upper()}"] = value


def is_said(name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether our variable *name* is set."""
    return bool(environment.get(name))


def _said(environment: Mapping[str, str], name: str) -> str | None:
    """Return what *name* says, or what the file says that ``<name>_FILE`` is, as bilan's image takes its key."""
    file = environment.get(f"{name}_FILE")
    if name in environment or not file:
        return environment.get(name) or None
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeError):
        raise InvalidSettings([f"{name}_FILE names a file that cannot be read"]) from None
