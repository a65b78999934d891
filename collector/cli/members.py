"""`collector members`: the group of commands about who may sign in; COMMANDS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

COMMANDS = (Entry("invite", "collector.cli.members_invite", "Print a one-time link that makes somebody a member."),)

_HELP = """Decide who may sign in."""

command = LazyGroup("members", entries=COMMANDS, help=_HELP)
