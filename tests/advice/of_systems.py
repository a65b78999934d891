"""What is advised to whoever comes from one of the five systems, or forwards to one; the rest is in inventory.py."""

from tests.advice.inventory import AGAIN, HARMLESS, Advice

BACKUP = "tests/collector/cli/test_bilan.py::test_a_backup_holds_the_tenants_events_and_is_read_back_once"
NEWER = (
    "tests/projections/forwarding/test_sink.py"
    "::test_a_newer_version_stops_it_before_the_fact_and_a_newer_program_goes_on_from_there"
)
NEWER_REPLAY = (
    "tests/projections/forwarding/test_replay.py::test_a_replay_stops_before_a_newer_version_and_a_newer_program_sends_all"
)
LEFT_OUT = (
    "tests/projections/forwarding/test_sink.py"
    "::test_what_another_collector_does_not_keep_is_no_success_blocks_nothing_and_is_sent_by_a_backfill_once_it_does"
)
OF_SYSTEMS = (
    Advice("collector/cli/bilan/__init__.py", "Create or update the tables", "bilan's migrate is asked for help", AGAIN),
    Advice("collector/cli/bilan/backup.py", "Read them back with: collector import events", "a backup was written", BACKUP),
    Advice("README.md", "| `collector import events FILE` |", "anybody who reads it", BACKUP),
    Advice("README.md", "sends what was left out", "anybody who reads it", LEFT_OUT),
    Advice("collector/dialects/change66_lines.py", "holds the character NUL", "a line is refused", HARMLESS),
    Advice("projections/forwarding/sink.py", "install a newer one: it goes on from there", "an event is of later", NEWER),
    Advice("projections/forwarding/replay.py", "nothing from there on was sent: install", "an event is of later", NEWER_REPLAY),
    Advice("projections/replies/subjects.py", "Set COLLECTOR_NATS_URL for this role", "nobody can be looked up", HARMLESS),
)
