"""compose.yaml hands on every setting, stands by its promises about restarts, and reserves as the product does by itself."""

from pathlib import Path

import yaml

from collector.local.nats import FILE_STORE
from collector.settings import MOST_STREAM_BYTES, SETTINGS

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
# Where the containers find each other, and what the image says of itself.
DECIDED_HERE = {
    "COLLECTOR_NATS_URL",
    "COLLECTOR_NATS_MONITOR_URL",
    "COLLECTOR_DATABASE_URL",
    "COLLECTOR_HOST",
    "COLLECTOR_PORT",
    "COLLECTOR_PROJECTOR_PORT",
    "COLLECTOR_DATA",
    "COLLECTOR_MASTER_KEY_FILE",
}
ROLES = ("migrate", "keys", "ingest", "projector", "query")


def test_every_setting_is_handed_on_or_decided_here():
    handed = COMPOSE["x-settings"]
    known = {setting.variable for setting in SETTINGS}
    missing = [name for name in known - DECIDED_HERE if f"${{{name}:" not in handed.get(name, "")]
    assert not missing, "run `make generated`"
    assert set(handed) <= known
    assert known >= DECIDED_HERE


def test_every_role_gets_them():
    assert all(COMPOSE["services"][role]["environment"] == COMPOSE["x-settings"] for role in ROLES)


def test_a_database_of_places_has_a_folder_that_every_role_sees():
    assert (ROOT / "deploy" / "geo").is_dir(), "else the engine makes it, as root's"
    assert all("./deploy/geo:/geo:ro" in COMPOSE["services"][role]["volumes"] for role in ROLES), (
        "each role checks its settings"
    )


def test_containers_collect_for_the_sites_that_were_added_unless_told_otherwise():
    assert COMPOSE["x-settings"]["COLLECTOR_MODE"] == "${COLLECTOR_MODE:-production}"


def test_the_master_key_is_made_once_and_read_where_people_sign_in_and_tokens_are_shown():
    services, path = COMPOSE["services"], COMPOSE["x-settings"]["COLLECTOR_MASTER_KEY_FILE"]
    assert services["keys"]["command"] == ["control", "init"]
    folder = path.rpartition("/")[0]
    assert f"keys:{folder}" in services["keys"]["volumes"]
    for role in ("ingest", "query"):
        assert f"keys:{folder}:ro" in services[role]["volumes"]
    assert "keys" in COMPOSE["volumes"]
    assert "keys" not in services["ingest"]["depends_on"], "events are taken also where the key is lost"
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"mkdir -m 700 {folder} && chown 10001:10001 {folder}" in image, "else the volume is root's"


def test_nats_has_room_for_every_value_of_the_setting():
    written = (ROOT / "deploy" / "nats" / "nats.conf").read_text(encoding="utf-8")
    assert f"max_file_store: {FILE_STORE}\n" in written, "the embedded server's limit is the other's"
    assert FILE_STORE == "2PB"
    assert MOST_STREAM_BYTES < 2 * 1024**5


def test_nothing_restarts_ingest_because_something_else_is_away():
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["collector", "healthcheck", "--live"]' in image
    assert "healthcheck" not in COMPOSE["services"]["ingest"], "the image's own asks only whether it runs"
    unit = (ROOT / "deploy" / "systemd" / "collector.service").read_text(encoding="utf-8")
    assert "WatchdogSec" not in unit
    assert "Restart=on-failure" in unit
