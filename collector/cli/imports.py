"""`collector import`: the group of commands that bring in visits from elsewhere; IMPORTS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

IMPORTS = (
    Entry("accesslog", "collector.cli.import_accesslog", "Turn a web server's access log into events."),
    Entry("events", "collector.cli.import_events", "Read a backup of events back."),
)

_HELP = """Bring in what was recorded elsewhere.

They become ordinary events with their own times and deterministic ids: importing twice changes nothing.
"""

command = LazyGroup("import", entries=IMPORTS, help=_HELP)
