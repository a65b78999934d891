"""`collector privacy`: the group of commands about what is kept of visitors; CHECKS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

CHECKS = (Entry("verify", "collector.cli.privacy_verify", "Show what is stored, and search it for anybody in it."),)

_HELP = """Check for yourself that nobody is in what is stored."""

command = LazyGroup("privacy", entries=CHECKS, help=_HELP)
