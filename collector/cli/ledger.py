"""`collector ledger`: the group of commands about the ledger; COMMANDS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

COMMANDS = (Entry("check", "collector.cli.ledger_check", "Name the first hour that does not add up."),)

_HELP = """Hold what was received against what is in the streams."""

command = LazyGroup("ledger", entries=COMMANDS, help=_HELP)
