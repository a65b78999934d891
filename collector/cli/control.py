"""`collector control`: the group of commands about the control plane's stores; COMMANDS is the only list of them."""

from collector.cli.lazy import Entry, LazyGroup

COMMANDS = (
    Entry("init", "collector.cli.control_init", "Make the master key, where nothing is kept under another yet."),
    Entry("reset-vault", "collector.cli.control_reset_vault", "Start over without the lost master key; it asks."),
    Entry("accept-loss", "collector.cli.control_accept_loss", "Go on without decisions that NATS has lost; it asks."),
)

_HELP = """Look after what was decided, and what members' names, passwords and other secrets are kept under."""

command = LazyGroup("control", entries=COMMANDS, help=_HELP)
