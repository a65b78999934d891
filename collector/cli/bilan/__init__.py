"""`bilan <command>`: the verbs of bilan-server's README, each over what does the same here. VERBS is the only list of them."""

from pathlib import Path

import click

from collector.cli.lazy import Entry, LazyGroup

VERBS = (
    Entry("start", "collector.cli.bilan.start", "Run everything on this machine, as `collector up` does."),
    Entry("init", "collector.cli.bilan.init", "Make the data directory and its tables."),
    Entry("backup", "collector.cli.bilan.backup", "Write every event of the tenant to a file, as JSON lines."),
    Entry("stats", "collector.cli.bilan.stats", "Count events, users and bytes."),
    Entry("migrate", "collector.cli.bilan.migrate", "Create or update the tables, as `collector migrate` does."),
    Entry("vacuum", "collector.cli.bilan.vacuum", "Give back what deleted rows took, and say how much."),
)

_HELP = """Run this collector by the commands of bilan-server.

Its clients need no more than this address. What each command, option and BILAN_ variable means here stands in
collector/cli/bilan/README.md; `collector` has the commands of the whole product.
"""


def _take_over() -> None:
    """Read bilan's variables before any command reads a setting."""
    # Settings are not imported for --help.
    from collector.settings import InvalidSettings  # noqa: PLC0415
    from collector.settings.bilan import take_over_variables  # noqa: PLC0415

    try:
        sentences = take_over_variables()
    except InvalidSettings as error:
        raise click.UsageError(" ".join(error.problems)) from None
    for sentence in sentences:
        click.echo(sentence, err=True)
    if Path("bilan.config.js").exists():
        click.echo("bilan.config.js is not read: it is a program. Set the variables of the README instead.", err=True)


main = LazyGroup(
    "bilan",
    entries=VERBS,
    callback=_take_over,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
