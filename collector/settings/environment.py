"""The environment that the command line hands on: to the settings, to our own roles, and to other people's programs."""

import os
from collections.abc import Mapping
from pathlib import Path

from collector.settings import InvalidSettings
from collector.settings.dotenv import read_dotenv

DOTENV = Path(".env")
# What a program needs to run at all; nothing that could be a secret or change what it does.
_PLAIN = ("PATH", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """Return *changes* over our own environment over the settings in .env; raise InvalidSettings when .env is not usable."""
    return overlaid(overlaid(_dotenv(), os.environ), changes)


def overlaid(below: Mapping[str, str], above: Mapping[str, str]) -> dict[str, str]:
    """Return both, *above* first; a value given there also rules out the file that *below* takes it from, and the reverse."""
    overruled = {f"{name}_FILE" for name in above} | {name.removesuffix("_FILE") for name in above}
    return {name: value for name, value in below.items() if name not in overruled} | dict(above)


def plain_environment() -> dict[str, str]:
    """Return an environment without the settings, locale and secrets of whoever started us."""
    kept = {name: value for name in _PLAIN if (value := os.environ.get(name)) is not None}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _dotenv() -> dict[str, str]:
    found, problems = read_dotenv(DOTENV)
    if problems:
        raise InvalidSettings(problems)
    return found
