"""`collector quarantine`: the commands about the events that could not be applied; COMMANDS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

COMMANDS = (
    Entry("list", "collector.cli.quarantine_list", "List what is set aside, and why."),
    Entry("show", "collector.cli.quarantine_show", "Show one event as far as it can be read, without what it says."),
    Entry("retry", "collector.cli.quarantine_retry", "Apply again what this version can read."),
    Entry("drop", "collector.cli.quarantine_drop", "Leave events out of every number for good; it asks."),
)

_HELP = """Look after the events that could not be applied. They are in the stream, and in no number."""

command = LazyGroup("quarantine", entries=COMMANDS, help=_HELP)
