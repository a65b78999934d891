"""A group of commands that imports a command's module when it is run, so that --help costs nothing."""

import importlib
from difflib import get_close_matches
from typing import Any, NamedTuple

import click

from collector.failure import Failure
from collector.local.undumped import hide_memory


class Entry(NamedTuple):
    """One command: its name, the module whose ``command`` it is, and its line in the list."""

    name: str
    module: str
    summary: str


class LazyGroup(click.Group):
    """A click group over a table of entries."""

    def __init__(self, *args: Any, entries: tuple[Entry, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entries = {entry.name: entry for entry in entries}

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names in the table's order, which is the order of use."""
        return list(self._entries)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Return the command *name*, imported now."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        command: click.Command = importlib.import_module(entry.module).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* name; click itself compares a typo with commands that are imported, which none is."""
        name = args[0]
        if name in self._entries or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        close = get_close_matches(name, self._entries)
        meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        return ctx.fail(f"No such command {name!r}.{meant}")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named, without a core file, and show a Failure's words as click shows its own errors."""
        hide_memory()
        try:
            return super().invoke(ctx)
        except Failure as failure:
            raise click.ClickException(str(failure)) from failure

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in self._entries.values()])
