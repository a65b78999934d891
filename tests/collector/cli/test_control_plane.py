"""`collector tenants`, `sites`, `keys`, `members` and `policies`: decided here, and read back as programs read it."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli import main
from collector.control.line import Line
from collector.failure import Failure
from collector.local.master_key import settle_master_key
from collector.stream.connection import ask
from contracts.control.stream import CONTROL_STREAM
from contracts.jetstream import JetStreamError
from contracts.keys import id_in
from contracts.vault import VAULT_STREAM
from tests.running import clean_environment

Run = Callable[..., list]


@pytest.fixture
def run(nats_url: str, tmp_path: Path) -> Iterator[Run]:
    """Run a command beside a NATS in which nothing was decided yet, and return what it prints for programs."""
    key_file = tmp_path / "key"
    environment = clean_environment(COLLECTOR_NATS_URL=nats_url, COLLECTOR_MASTER_KEY_FILE=str(key_file))

    def run(*argv: str) -> list:
        command = main.get_command(None, argv[0])
        done = CliRunner(env=environment).invoke(command, [*argv[1:], *(["--json"] if argv[1] != "invite" else [])])
        if isinstance(done.exception, Failure):
            raise done.exception
        assert done.exit_code == 0, (argv, done.output, done.exception)
        return [json.loads(line) for line in done.stdout.splitlines()] if argv[1] != "invite" else done.stdout.split()

    with Line(nats_url) as line:
        line.ask(forget)
        line.ask(lambda client: settle_master_key(client, key_file, replicas=1))
        yield run
        line.ask(forget)


async def forget(client) -> None:
    for stream in (CONTROL_STREAM.name, VAULT_STREAM):
        with contextlib.suppress(JetStreamError):
            await ask(client, f"STREAM.DELETE.{stream}")


def test_tenants_are_added_labelled_and_archived(run: Run):
    (added,) = run("tenants", "add", "acme", "--label", "Acme")
    assert run("tenants", "add", "acme", "--label", "Acme") == [added]
    assert run("tenants", "label", "acme", "A & B")[0]["label"] == "A & B"
    assert run("tenants", "archive", "acme")[0]["is_archived"]
    assert not run("tenants", "restore", "acme")[0]["is_archived"]
    assert run("tenants", "list") == run("tenants", "show", "acme")


def test_sites_are_added_named_ruled_and_archived(run: Run):
    run("sites", "add", "shop.example", "--timezone", "Europe/Oslo")
    assert [tenant["name"] for tenant in run("tenants", "list")] == ["main"], "the settings' tenant comes with its first site"
    run("sites", "name", "shop.example", "www.shop.example")
    assert run("sites", "name", "shop.example", "shop", "--alias")[0]["names"]["shop"] == "alias"
    assert set(run("sites", "unname", "shop.example", "shop")[0]["names"]) == {"shop.example", "www.shop.example"}
    run("sites", "exclude", "shop.example", "--path", "/admin/*", "--country", "NO")
    (ruled,) = run("sites", "exclude", "shop.example", "--path", "/health")
    assert (ruled["exclusions"]["paths"], ruled["exclusions"]["countries"]) == (["/health"], ["NO"])
    assert run("sites", "exclude", "shop.example", "--none")[0]["exclusions"]["countries"] == []
    assert run("sites", "origins", "shop.example", "https://shop.example")[0]["origins"] == ["https://shop.example"]
    (labelled,) = run("sites", "label", "shop.example", "--label", "Shop")
    assert (labelled["label"], labelled["timezone"]) == ("Shop", "Europe/Oslo")
    assert run("policies", "set", "shop.example", "--identity", "anonymous", "--keep", "plan")[0]["kept"] == ["plan"]
    assert run("policies", "show", "shop.example")[0]["identity"] == "anonymous"
    assert run("sites", "bind", "minigem", "shop.example")[0]["mounts"] == ["minigem"]
    assert run("sites", "unbind", "minigem", "shop.example")[0]["mounts"] == []
    assert run("sites", "reads", "shop.example", "--public")[0]["is_public"]
    assert run("sites", "archive", "shop.example")[0]["state"] == "archived"
    assert run("sites", "restore", "shop.example")[0]["state"] == "open"
    assert run("sites", "list") == run("sites", "show", "shop.example")


def test_goals_and_funnels_are_added_changed_listed_and_withdrawn(run: Run):
    run("sites", "add", "shop.example")
    (added,) = run("goals", "add", "shop.example", "Paid plan", "--event", "Signup", "--prop", "plan=pro", "--revenue")
    assert (added["goal"], added["props"], added["version"]) == ("paid-plan", [{"name": "plan", "value": "pro"}], 1)
    (changed,) = run(
        "goals", "change", "shop.example", "paid-plan", "Paid", "--page", "/paid*", "--amount", "9", "--currency", "EUR"
    )
    assert (changed["page"], changed["amount"], changed["version"]) == ("/paid*", "9", 2)
    assert run("goals", "list", "shop.example") == run("goals", "show", "shop.example", "paid-plan") == [changed]
    (funnel,) = run("funnels", "add", "shop.example", "Checkout", "/cart", "Purchase", "--window", "3600")
    assert [step["page"] or step["event"] for step in funnel["steps"]] == ["/cart", "Purchase"]
    assert run("funnels", "change", "shop.example", "checkout", "Checkout", "/a", "/b", "/c")[0]["version"] == 2
    assert run("funnels", "list", "shop.example") == run("funnels", "show", "shop.example", "checkout")
    for kind, short in (("goals", "paid-plan"), ("funnels", "checkout")):
        assert run(kind, "withdraw", "shop.example", short)[0]["is_withdrawn"]
        assert run(kind, "list", "shop.example") == []


def test_keys_are_issued_rotated_and_revoked(run: Run):
    run("sites", "add", "shop.example")
    (issued,) = run("keys", "issue", "--scope", "ingest", "--scope", "read", "--label", "shop", "--days", "9")
    assert id_in(issued["text"]) == issued["key"]["id"]
    (rotated,) = run("keys", "rotate", issued["key"]["id"], "--overlap-hours", "1")
    assert rotated["key"]["replaces"] == issued["key"]["id"]
    assert len(run("keys", "list")) == 2
    assert run("keys", "revoke", issued["key"]["id"])[0]["is_revoked"]
    assert [key["id"] for key in run("keys", "list")] == [rotated["key"]["id"]]
    assert len(run("keys", "list", "--all")) == 2
    assert run("keys", "issue", "--public", "--site", "shop.example")[0]["key"]["kind"] == "public"


def test_members_are_invited_listed_and_removed(run: Run):
    (link,) = run("members", "invite")
    assert "/join#" in link
    run("tenants", "add", "acme")
    run("members", "invite", "--role", "viewer", "--tenant", "acme")
    owner, viewer = sorted(run("members", "list"), key=lambda member: member["grants"][0]["role"])
    assert (owner["state"], owner["name"]) == ("invited", "")
    (decided,) = run("members", "grants", viewer["id"], "--role", "editor", "--tenant", "acme")
    assert decided["grants"] == [{"role": "editor", "tenant": "acme"}]
    assert run("members", "remove", viewer["id"])[0]["state"] == "removed"
    assert [member["id"] for member in run("members", "list")] == [owner["id"]]


def test_what_cannot_be_is_said_in_words(run: Run):
    for argv, words in (
        (("sites", "show", "none.example"), "There is no such site"),
        (("sites", "add", "shop.example", "--timezone", "Oslo"), "IANA name"),
        (("keys", "issue", "--scope", "read", "--public"), "public key"),
        (("keys", "rotate", "0000"), "There is no such key"),
        (("tenants", "label", "nobody", "x"), "There is no such tenant"),
    ):
        with pytest.raises(Failure, match=words):
            run(*argv)


def test_for_people_it_is_a_table(nats_url: str, run: Run):
    run("tenants", "add", "acme", "--label", "Acme")
    command = main.get_command(None, "tenants")
    said = CliRunner(env=clean_environment(COLLECTOR_NATS_URL=nats_url)).invoke(command, ["list"]).stdout
    assert said == "name  label  is_archived\nacme  Acme   no\n"


def test_without_nats_a_command_says_so_and_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for argv, url, words in (
        (("tenants", "add", "acme"), "nats://127.0.0.1:1", "is it running, and is COLLECTOR_NATS_URL right?"),
        (("sites", "list"), "nats://127.0.0.1:1", "is it running, and is COLLECTOR_NATS_URL right?"),
        (("keys", "list"), "", "set COLLECTOR_NATS_URL, or run `collector up`"),
    ):
        command = main.get_command(None, argv[0])
        failed = CliRunner(env=clean_environment(COLLECTOR_NATS_URL=url)).invoke(command, argv[1:]).exception
        assert isinstance(failed, Failure)
        assert words in str(failed)
    assert list(tmp_path.iterdir()) == []
