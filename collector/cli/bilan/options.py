"""What bilan's commands share: where its database would lie, and so where the data is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from collector.settings.bilan import data_of

Command = TypeVar("Command", bound=Callable[..., Any])


def db_option(command: Command) -> Command:
    """Add ``--db``; what is kept lies in the data directory beside that file."""
    words = "The events lie in the folder .collector beside this file [BILAN_DB_PATH; ./bilan.db]."
    return click.option("--db", metavar="FILE", help=words)(command)


def data_option_of(db: str | None) -> dict[str, Path]:
    """Return the option of ours that *db* means."""
    return {} if db is None else {"data": Path(data_of(db))}
