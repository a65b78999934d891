"""`collector doctor` names what is broken and says what to do."""

import subprocess
from collections.abc import Callable

import nats
import pytest

from collector.local.nats import nats_server_binary
from collector.local.probe import ask
from contracts.streams import SUBJECT_ROOT
from projections.migrations import migrate
from tests.facts import STREAM
from tests.faults.salted import salted
from tests.ports import free_port
from tests.running import eventually

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def examine(collector, postgres_url) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda **settings: collector("doctor", **{"COLLECTOR_DATABASE_URL": postgres_url} | settings)


def test_a_fresh_installation_has_nothing_broken(examine, stream_free_nats):
    report = examine(COLLECTOR_NATS_URL=stream_free_nats)
    assert report.returncode == 0, report.stdout
    assert f"note  Stream: {STREAM}, " in report.stdout
    assert "none is there yet" in report.stdout
    assert "note  Postgres: answers, without our tables\n      -> Run: collector migrate" in report.stdout


async def test_a_family_that_nobody_sends_is_nothing_to_look_at(examine, stream_free_nats, postgres_url):
    client = await nats.connect(stream_free_nats)
    await client.jetstream().add_stream(name=STREAM, subjects=[f"{SUBJECT_ROOT}.web.>"])
    await client.close()
    await migrate(postgres_url)
    report = examine(COLLECTOR_NATS_URL=stream_free_nats)
    assert (
        "ok  Streams: EVENTS_TURNS_0, EVENTS_PRODUCT_0, EVENTS_LOGS_0: made with the first event of the family" in report.stdout
    )
    assert "note  Projector web: has read nothing yet" in report.stdout, "there is something to read"
    assert "ok  Projector logs: has nothing to read" in report.stdout


async def test_a_drifted_stream_is_broken_and_each_setting_is_named(examine, stream_free_nats):
    client = await nats.connect(stream_free_nats)
    await client.jetstream().add_stream(name=STREAM, subjects=[f"{SUBJECT_ROOT}.>"], max_msgs=5)
    await client.close()
    report = examine(COLLECTOR_NATS_URL=stream_free_nats)
    assert report.returncode == 1
    assert f"fail  Stream {STREAM}: " in report.stdout
    assert "max_msgs is 5, must be -1" in report.stdout
    assert "discard is 'old', must be 'new'" in report.stdout


async def test_a_salt_that_fewer_nodes_hold_than_the_streams_is_said(examine, stream_free_nats):
    await salted(stream_free_nats)
    assert "ok  Salt: 1 node(s) hold it" in examine(COLLECTOR_NATS_URL=stream_free_nats).stdout
    report = examine(COLLECTOR_NATS_URL=stream_free_nats, COLLECTOR_STREAM_REPLICAS="3")
    assert "note  Salt: 1 node(s) hold it, and COLLECTOR_STREAM_REPLICAS is 3" in report.stdout


def test_a_server_that_is_away_is_no_matter_where_another_of_the_list_is_there(examine, stream_free_nats):
    report = examine(COLLECTOR_NATS_URL=f"nats://{NOWHERE},{stream_free_nats}")
    assert report.returncode == 0, report.stdout


def test_servers_that_are_away_are_broken(collector):
    report = collector(
        "doctor", COLLECTOR_NATS_URL=f"nats://s3cret@{NOWHERE}", COLLECTOR_DATABASE_URL=f"postgresql://x:s3cret@{NOWHERE}/x"
    )
    assert report.returncode == 1
    assert "fail  NATS: cannot be reached" in report.stdout
    assert "fail  Postgres: cannot be reached" in report.stdout
    assert "s3cret" not in report.stdout + report.stderr


def test_a_nats_that_syncs_now_and_then_is_broken(examine, tmp_path):
    port, monitor = free_port(), free_port()
    argv = [nats_server_binary(), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitor), "-js", "-sd", str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as lazy:
        eventually(lambda: ask("127.0.0.1", monitor, "/healthz")[0] == 200, "nats-server answers")
        known = {"COLLECTOR_NATS_URL": f"nats://127.0.0.1:{port}"}
        report = examine(**known, COLLECTOR_NATS_MONITOR_URL=f"http://127.0.0.1:{monitor}")
        unknown = examine(**known)
        lazy.kill()
    assert report.returncode == 1
    assert "fail  Durability:" in report.stdout
    assert "sync_interval: always" in report.stdout
    assert "note  Durability: sync_interval was not checked" in unknown.stdout


async def test_a_migrated_database_without_a_projector_is_odd(examine, stream_free_nats, postgres_url):
    await migrate(postgres_url)
    report = examine(COLLECTOR_NATS_URL=stream_free_nats)
    assert report.returncode == 0, report.stdout
    assert "ok  Postgres: answers, with the tables of this version" in report.stdout
    assert "ok  Projector turns: has nothing to read" in report.stdout
    assert "note  Not stored: no ingest process has told anything yet" in report.stdout
