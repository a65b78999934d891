"""The commands beside a running `collector up`: they find it by themselves."""

import http.client
import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.running import COLLECTOR, PATIENCE, Up, clean_environment, eventually, forget_cluster, run_collector, send_a_hit


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("attached") / "data")
    running.wait_until_ready()
    yield running
    running.stop(signal.SIGTERM)
    forget_cluster(running.data)


@pytest.fixture
def ask(beside: Up, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda *arguments: run_collector(
        tmp_path, *arguments, COLLECTOR_DATA=str(beside.data), COLLECTOR_PORT=str(beside.port)
    )


def metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


def test_two_do_not_share_a_data_directory(beside, ask):
    other = ask("up", "--port", str(free_port()))
    assert other.returncode == 1
    assert f"process {beside.process.pid}" in other.stderr
    assert "--data" in other.stderr


def test_doctor_finds_nothing_broken(beside, ask):
    assert send_a_hit(beside.port) < 300
    report = ask("doctor")
    assert report.returncode == 0, report.stdout
    for subject in (
        "web: is ready",
        "project: is ready",
        "NATS: answers",
        "Durability: every",
        "Postgres: answers",
        "Clock: agrees",
    ):
        assert f"ok  {subject}" in report.stdout
    assert "\x1b[" not in report.stdout


def test_both_roles_are_healthy_and_count(beside, ask):
    assert ask("healthcheck").returncode == 0
    assert ask("healthcheck", "--port", str(beside.runtime["projector_port"])).returncode == 0
    send_a_hit(beside.port)
    assert 'collector_http_requests_total{method="POST",route="/api/event",status="2' in metrics(beside.port)
    assert "collector_build_info{" in metrics(beside.runtime["projector_port"])


def test_the_printed_link_makes_the_owner_and_nothing_that_they_say_is_on_any_disk(beside, ask):
    link = re.search(r"/join#(\S+)", beside.output.read_text())
    assert link is not None
    person = {"name": "Quentin Quire", "password": "seven quails quarrel quietly", "address": f"quentin{chr(64)}quire.example"}
    joined = post(beside.port, "/v1/admin/invitations/take", {"invitation": link[1]} | person)
    assert joined.status == 201
    cookie = joined.headers["set-cookie"].partition("=")[2].partition(";")[0]
    signed_in = post(beside.port, "/v1/admin/sessions", {"name": person["name"].upper(), "password": person["password"]})
    assert signed_in.status == 201
    assert "ok  Vault: opens with the master key, and holds 2 secret(s)" in ask("doctor").stdout
    files = [file for file in beside.data.rglob("*") if file.is_file()]
    kept = b"".join(file.read_bytes() for file in files)
    assert b"session_started.v1" in kept, "else this test looks in the wrong place"
    for secret in (*person.values(), cookie, link[1].partition(".")[2]):
        assert secret.encode() not in kept


def post(port: int, path: str, body: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_stream_shows_an_event_as_it_is_stored(beside, tmp_path):
    shown = tmp_path / "shown"
    argv = [*COLLECTOR, "stream", "--data", str(beside.data), "--site", "SHOP.example", "--type", "page_viewed"]
    with shown.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=output, env=clean_environment()) as tailing:
        eventually(lambda: send_a_hit(beside.port) and "/a" in shown.read_text(), "the event is shown")
        tailing.send_signal(signal.SIGINT)
        assert tailing.wait(PATIENCE) == 0
    line = shown.read_text().splitlines()[0]
    assert "shop.example  page_viewed  shop.example/a" in line
    assert "\x1b[" not in line


def test_stream_goes_back_and_prints_what_is_stored(beside, tmp_path):
    send_a_hit(beside.port)
    shown = tmp_path / "shown"
    argv = [*COLLECTOR, "stream", "--data", str(beside.data), "--since", "1h", "--json"]
    with shown.open("wb") as output, subprocess.Popen(argv, stdout=output, env=clean_environment()) as tailing:
        eventually(lambda: "\n" in shown.read_text(), "the past is shown")
        tailing.terminate()
    assert json.loads(shown.read_text().splitlines()[0])["site"] == "shop.example"


def test_backfill_counts_every_event_again_beside_the_projector(beside, ask):
    send_a_hit(beside.port)
    done = ask("backfill")
    assert done.returncode == 0, done.stderr
    assert "events again in" in done.stderr
    report = ask("doctor").stdout
    assert "Projector web: is 0 events behind" in report
