"""The commands: light to ask for help, plain about what is wrong, and never an open door."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from collector.cli import COMMANDS, main
from collector.cli.up import welcome
from collector.settings import InvalidSettings, read_settings
from tests.ports import free_port
from tests.running import COLLECTOR, clean_environment

HEAVY = (
    "litestar",
    "nats",
    "sqlalchemy",
    "asyncpg",
    "uvicorn",
    "apscheduler",
    "prometheus_client",
    "rich",
    "collector.settings",
)
ASK_FOR_HELP = """
import json, sys
from collector.cli import main
main(["--help"], standalone_mode=False)
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def find(name: str) -> tuple[click.Command, click.Context]:
    context = click.Context(main)
    command = main.get_command(context, name)
    assert command is not None
    return command, click.Context(command, info_name=name, parent=context)


def test_help_imports_nothing_heavy():
    asked = subprocess.run([sys.executable, "-c", ASK_FOR_HELP], capture_output=True, text=True, check=True)
    loaded = json.loads(asked.stderr)
    assert not [module for module in loaded if module.startswith(HEAVY)]
    for entry in COMMANDS:
        assert entry.name in asked.stdout


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_every_command_says_what_it_does_and_gives_an_example(name):
    command, context = find(name)
    inner = command.list_commands(context) if isinstance(command, click.Group) else []
    texts = [command.get_help(context), *(command.get_command(context, sub).get_help(context) for sub in inner)]
    assert any(f"collector {name}" in text.partition("Example")[2] for text in texts)


@pytest.mark.parametrize("name", ["stream", "backfill", "doctor"])
def test_a_mistyped_data_directory_is_named_and_not_made(collector, tmp_path, name):
    mistyped = tmp_path / "dtaa"
    refused = collector(name, "--data", str(mistyped))
    assert refused.returncode == 1
    assert f"no collector's data in {mistyped}" in refused.stdout + refused.stderr
    assert not mistyped.exists()


def test_an_unknown_command_is_named_with_a_way_out(collector):
    refused = collector("frobnicate")
    assert refused.returncode == 2
    assert "--help" in refused.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("imprt", "'import'"),
        ("docter", "'doctor'"),
        ("import acesslog", "'accesslog'"),
        ("privacy verfy", "'verify'"),
        ("control innit", "'init'"),
        ("sites lst", "'list'"),
        ("doctor --dta x", "'--data'"),
        ("stream --tennant x", "'--tenant'"),
    ],
)
def test_a_typo_is_told_what_was_meant(typed: str, meant: str):
    result = CliRunner().invoke(main, typed.split())
    assert result.exit_code == 2
    assert f"Did you mean {meant}?" in result.output


@pytest.mark.parametrize(
    ("typed", "says"), [("COLLECTOR_PRT", "did you mean COLLECTOR_PORT?"), ("COLLECTOR_X", "see env.example")]
)
def test_a_mistyped_setting_is_told_what_was_meant(typed: str, says: str):
    with pytest.raises(InvalidSettings) as refused:
        read_settings({typed: "1"})
    assert refused.value.problems == [f"{typed} is not a setting of this version; {says}"]


@pytest.mark.parametrize(
    ("name", "port"),
    [("up", "COLLECTOR_PORT; 8000"), ("serve", "COLLECTOR_PORT; 8000"), ("project", "COLLECTOR_PROJECTOR_PORT; 8001")],
)
def test_a_port_is_the_one_that_the_command_listens_on(name: str, port: str):
    command, context = find(name)
    assert f"Port to listen on [{port}]." in " ".join(command.get_help(context).split())


def test_up_prints_the_tags_of_the_sites_that_the_settings_name():
    named = welcome(read_settings({"COLLECTOR_SITES": ",".join(f"{number}.example" for number in range(5))}))
    assert 'data-site="0.example"' in named
    assert "The other 2 have theirs on their pages of the dashboard." in named
    assert 'data-site="your-site.example"' in welcome(read_settings({}))


def test_every_problem_of_the_settings_is_reported_at_once(collector):
    refused = collector("up", COLLECTOR_PORT="eighty", COLLECTOR_MODE="fast", COLLECTOR_TYPO="1")
    assert refused.returncode == 2
    for variable in ("COLLECTOR_PORT", "COLLECTOR_MODE", "COLLECTOR_TYPO"):
        assert variable in refused.stderr
    assert "eighty" not in refused.stderr


@pytest.mark.parametrize("role", ["up", "web", "query"])
def test_a_dashboard_that_others_can_reach_needs_a_token(collector, tmp_path, role):
    refused = collector(role, "--host", "0.0.0.0", COLLECTOR_DATABASE_URL="postgresql://nowhere.invalid/x")
    assert refused.returncode == 2
    assert "COLLECTOR_ACCESS_TOKEN" in refused.stderr
    assert not (tmp_path / ".collector").exists()


@pytest.mark.parametrize(("role", "variable"), [("serve", "COLLECTOR_NATS_URL"), ("query", "COLLECTOR_DATABASE_URL")])
def test_a_role_without_its_server_says_how_to_give_it_one(collector, role, variable):
    refused = collector(role, "--port", str(free_port()))
    assert refused.returncode == 1
    assert variable in refused.stderr
    assert "Traceback" not in refused.stderr


def test_migrate_says_so_when_there_is_no_postgres(collector):
    refused = collector("migrate", COLLECTOR_DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert refused.returncode == 1
    assert "Postgres cannot be reached" in refused.stderr


def test_the_health_of_nobody_is_bad(collector):
    assert collector("healthcheck", "--port", "1").returncode == 1


def test_the_settings_are_shown_without_their_secrets(collector):
    shown = collector("config", COLLECTOR_ACCESS_TOKEN="a-token-of-the-test", COLLECTOR_SITES="a.example,b.example")
    assert "COLLECTOR_SITES=a.example,b.example\n" in shown.stdout
    assert "a-token-of-the-test" not in shown.stdout


def test_what_lies_in_the_current_folder_is_not_our_code(tmp_path):
    (tmp_path / "click.py").write_text("raise SystemExit('taken over')")
    asked = subprocess.run(
        [*COLLECTOR, "--version"], capture_output=True, text=True, check=False, cwd=tmp_path, env=clean_environment()
    )
    assert asked.returncode == 0
    assert os.sep not in asked.stdout
