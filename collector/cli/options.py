"""What the commands' options share: how they become settings, and what no role starts without."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from collector.settings import Http, InvalidSettings, Settings, read_settings_of
from collector.settings.declaration import PREFIX
from collector.settings.environment import environment_with

Command = TypeVar("Command", bound=Callable[..., Any])
Told = TypeVar("Told", bound=Struct)

MISUSE = 2


def examples(*lines: str) -> str:
    """Return the end of a command's help text."""
    # \b keeps click from joining the lines.
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def data_option(command: Command) -> Command:
    """Add ``--data``."""
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("--data", type=kind, metavar="FOLDER", help="Data directory [COLLECTOR_DATA; .collector].")(command)


def listen_options(command: Command) -> Command:
    """Add ``--host`` and ``--port``."""
    return _host_option("Address to listen on")(_port_option("Port to listen on", "COLLECTOR_PORT; 8000")(command))


def projector_options(command: Command) -> Command:
    """Add ``--host`` and ``--port``, which is the projector's own."""
    return _host_option("Address to listen on")(_port_option("Port to listen on", "COLLECTOR_PROJECTOR_PORT; 8001")(command))


def asking_options(command: Command) -> Command:
    """Add ``--host`` and ``--port``, of a role that is asked."""
    port = _port_option("Port to ask", "COLLECTOR_PORT; 8000, or with --projector COLLECTOR_PROJECTOR_PORT; 8001")
    return _host_option("Address to ask")(port(command))


def _port_option(does: str, default: str) -> Callable[[Command], Command]:
    return click.option("--port", type=click.IntRange(1, 65535), help=f"{does} [{default}].")


def _host_option(does: str) -> Callable[[Command], Command]:
    return click.option("--host", help=f"{does} [COLLECTOR_HOST; 127.0.0.1].")


def settings_with(**options: str | int | Path | None) -> Settings:
    """Return all settings, *options* before the environment before .env; say all that is wrong and exit with 2 if any is."""
    return role_settings(Settings, **options)


def role_settings(told: type[Told], **options: str | int | Path | None) -> Told:
    """Return the groups of settings that *told* names, as settings_with does."""
    given = {f"{PREFIX}{name.upper()}": str(value) for name, value in options.items() if value is not None}
    try:
        return read_settings_of(told, environment_with(given))
    except InvalidSettings as error:
        click.echo("The settings are not usable:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        sys.exit(MISUSE)


def refuse_an_open_door(http: Http) -> None:
    """Raise when others could reach the dashboard and no token keeps them out."""
    if http.is_loopback or http.access_token is not None:
        return
    raise click.UsageError(
        f"listening on {http.host} lets others reach the dashboard, and COLLECTOR_ACCESS_TOKEN is not set. "
        "Set it to at least 16 random characters, or listen on 127.0.0.1."
    )
