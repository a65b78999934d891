"""The settings' promises: everything wrong is said at once, secrets stay secret, and env.example is the truth."""

from pathlib import Path
from typing import get_type_hints

import pytest
from msgspec import Struct
from rich.pretty import pretty_repr

from collector.settings import (
    GROUPS,
    SETTINGS,
    Collection,
    EventStreams,
    HealthcheckSettings,
    Http,
    IngestSettings,
    InvalidSettings,
    Mode,
    Privacy,
    ProjectorSettings,
    QuerySettings,
    Settings,
    read_settings,
    read_settings_of,
)


def problems(**environment: str) -> list[str]:
    with pytest.raises(InvalidSettings) as invalid:
        read_settings({f"COLLECTOR_{name}": value for name, value in environment.items()})
    return invalid.value.problems


def test_an_empty_environment_is_development_on_loopback():
    settings = read_settings({})
    assert (settings.collection.mode, settings.http.host, settings.http.port) == (Mode.DEVELOPMENT, "127.0.0.1", 8000)
    assert settings.http.is_loopback
    assert settings.http.public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
    ],
)
def test_the_address_that_visitors_reach_is_one_they_can_reach(host: str, address: str):
    assert read_settings({"COLLECTOR_HOST": host}).http.public_url == address


def test_every_problem_is_said_at_once():
    found = problems(PORT="http", PARTITIONS="0", SALT_MODE="weekly", SITES="not a site")
    assert len(found) == 4
    assert found[0].startswith("COLLECTOR_SITES must be site names")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"API_KEYS": f"main:ingest:{'k' * 16},main:write:{'k' * 20}"}, "number 2 is not tenant:scopes:key"),
        ({"API_KEYS": f"main:ingest:{'k' * 15}"}, "number 1 could be guessed"),
        ({"API_KEYS": f"main:ingest:{'k' * 16},other:read:{'k' * 16}"}, "lists one key twice"),
        ({"PARTITION": "1"}, "counts from 0"),
        ({"ACCESS_TOKEN": "short"}, "too short"),
        ({"SALT_MODE": "derived"}, "at least 32 characters"),
        ({"NATS_URL": "localhost:4222"}, "starts with nats://"),
        ({"DATABASE_URL": "postgresql://c:sec/ret@h:5432/d"}, "percent-encode"),
        ({"NATS_URL": "nats://a?b@h:x"}, "percent-encode"),
        ({"NATS_URL": "nats://a:4222,b:4222,nats://c:4222"}, "number 2 must be an address that starts with nats://"),
        ({"NATS_URL": "nats://a:4222,nats://u:p/q@b:4222"}, "number 2 is not an address; percent-encode"),
        ({"NATS_URL": "nats://to,ken@a:4222"}, "a comma in a password is %2C"),
        ({"NATS_URL": "nats://a:4222,wss://b:443"}, "must not mix"),
        ({"TRUSTED_PROXIES": "everyone"}, "10.0.0.0/8"),
        ({"MMDB": "/nowhere.mmdb"}, "names no readable file"),
        ({"LIMIT_SITE": "-1"}, "whole number from 0"),
        ({"LIMIT_SITE_BURST": "0"}, "whole number from 1"),
        ({"PROT": "8000"}, "is not a setting"),
    ],
)
def test_a_problem_says_which_setting_and_what_to_do(environment: dict[str, str], said: str):
    (problem,) = problems(**environment)
    assert said in problem
    assert problem.startswith("COLLECTOR_")


def test_a_problem_never_repeats_a_secret():
    assert "hunter2" not in str(problems(ACCESS_TOKEN="hunter2"))
    assert "hunter2" not in str(problems(DATABASE_URL="hunter2"))
    assert "hunter2" not in str(problems(NATS_URL="nats://a:4222,http://hunter2@b:4222"))


def test_the_servers_of_a_cluster_are_a_list():
    read = read_settings({"COLLECTOR_NATS_URL": " nats://t@a:4222/ , nats://t@b:4222,, nats://t@a:4222,"})
    assert read.nats.url == "nats://t@a:4222,nats://t@b:4222"


def test_a_secret_can_come_from_a_file(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("a-token-of-some-length\n")
    assert read_settings({"COLLECTOR_ACCESS_TOKEN_FILE": str(file)}).http.access_token == "a-token-of-some-length"
    assert "both set" in problems(ACCESS_TOKEN_FILE=str(file), ACCESS_TOKEN="x" * 20)[0]


def test_settings_do_not_show_secrets():
    settings = read_settings({"COLLECTOR_ACCESS_TOKEN": "a-token-of-some-length"})
    assert "a-token" not in repr(settings)
    assert "a-token" not in pretty_repr(settings)  # as rich writes it in a traceback


def test_every_group_is_in_the_whole_and_every_variable_is_one_settings():
    assert set(get_type_hints(Settings).values()) == set(GROUPS)
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("told", [IngestSettings, QuerySettings, ProjectorSettings, HealthcheckSettings])
def test_a_role_reads_its_groups_alone(told: type[Struct]):
    groups = set(get_type_hints(told).values())
    wrong = {"COLLECTOR_MODE": "fast", "COLLECTOR_PORT": "eighty", "COLLECTOR_MMDB": "/nowhere", "COLLECTOR_PARTITIONS": "0"}
    mine = {
        "COLLECTOR_MODE": Collection,
        "COLLECTOR_PORT": Http,
        "COLLECTOR_MMDB": Privacy,
        "COLLECTOR_PARTITIONS": EventStreams,
    }
    with pytest.raises(InvalidSettings) as invalid:
        read_settings_of(told, wrong)
    assert {problem.split()[0] for problem in invalid.value.problems} == {name for name in wrong if mine[name] in groups}


def test_a_role_refuses_a_name_that_nobody_has():
    with pytest.raises(InvalidSettings, match="COLLECTOR_PROT is not a setting"):
        read_settings_of(HealthcheckSettings, {"COLLECTOR_PROT": "8000"})
