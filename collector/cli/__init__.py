"""`collector <command>`: the composition root. COMMANDS is the only list of its commands."""

import click

from collector import __version__
from collector.cli.lazy import Entry, LazyGroup

COMMANDS = (
    Entry("up", "collector.cli.up", "Run everything on this machine: NATS, Postgres, ingest, projector and dashboard."),
    Entry("stream", "collector.cli.stream", "Watch events live in the terminal."),
    Entry("doctor", "collector.cli.doctor", "Check settings, NATS, Postgres, disk and clock, and say what to do."),
    Entry("ledger", "collector.cli.ledger", "Hold what was received against what is in the streams."),
    Entry("quarantine", "collector.cli.quarantine", "Look after the events that could not be applied."),
    Entry("privacy", "collector.cli.privacy", "Check for yourself that nobody is in what is stored."),
    Entry("import", "collector.cli.imports", "Bring in visits that were recorded elsewhere, such as access logs."),
    Entry("export", "collector.cli.export", "Write what apps have sent as files."),
    Entry("demo", "collector.cli.demo", "Fill an empty site with a realistic month."),
    Entry("config", "collector.cli.config", "Show the settings in force, without secrets."),
    Entry("backfill", "collector.cli.backfill", "Compute the read models again from the event stream."),
    Entry("serve", "collector.cli.serve", "Run the ingest role alone (needs NATS)."),
    Entry("query", "collector.cli.query", "Run the dashboard and the API alone (needs Postgres)."),
    Entry("web", "collector.cli.web", "Run ingest, dashboard and API on one port."),
    Entry("project", "collector.cli.project", "Run the projector (needs NATS and Postgres)."),
    Entry("tenants", "collector.cli.tenants", "Add and archive tenants."),
    Entry("sites", "collector.cli.sites", "Add, name, rule and archive sites."),
    Entry("policies", "collector.cli.policies", "Decide how people of a site are treated."),
    Entry("goals", "collector.cli.goals", "Say what people are to reach on a site."),
    Entry("funnels", "collector.cli.funnels", "Say what people are to do there one after the other."),
    Entry("keys", "collector.cli.keys", "Issue, rotate and revoke the keys of machines."),
    Entry("members", "collector.cli.members", "Decide who may sign in."),
    Entry("control", "collector.cli.control", "Make the master key, or start over without it."),
    Entry("migrate", "collector.cli.migrate", "Create or update the tables in Postgres."),
    Entry("healthcheck", "collector.cli.healthcheck", "Ask a role on this machine whether it is ready."),
)

_HELP = """Self-hosted, privacy-first web analytics. No cookie, no address, no user agent is ever stored.

\b
  collector up            start here: everything on this machine
  collector up --help     every command has an example
"""

main = LazyGroup(
    "collector",
    entries=COMMANDS,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(__version__, prog_name="collector")(main)
