"""The environment that the command line hands on: to the settings, to our own roles, and to other people's programs."""

import os
from collections.abc import Mapping

# What a program needs to run at all; nothing that could be a secret or change what it does.
_PLAIN = ("PATH", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """Return our own environment with *changes*; a changed secret no longer comes from a file."""
    overruled = {f"{name}_FILE" for name in changes}
    return {name: value for name, value in os.environ.items() if name not in overruled} | dict(changes)


def plain_environment() -> dict[str, str]:
    """Return an environment without the settings, locale and secrets of whoever started us."""
    kept = {name: value for name in _PLAIN if (value := os.environ.get(name)) is not None}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
