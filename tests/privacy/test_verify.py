"""`collector privacy verify` says what is stored, finds what should not be, and never repeats it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.cli.checks.logs import examine_logs
from tests.facts import STREAM
from tests.privacy.evidence import Evidence
from tests.privacy.haystacks import search
from tests.privacy.needles import needles_of
from tests.privacy.people import People
from tests.privacy.person import invent


def test_a_clean_installation_is_told_so(evidence: Evidence):
    assert evidence.clean.returncode == 0, evidence.clean.stdout + evidence.clean.stderr
    assert not [line for line in evidence.clean.stdout.splitlines() if line.split()[:1] == ["fail"]]
    assert "Searching everything ...\n" in evidence.clean.stderr, "for it takes a while, and in a pipe there is no bar"
    for said in (
        f"ok  Salt: in memory only; the one of {evidence.day} is 0 h",
        "last rotation 20",
        f"ok  Stream {STREAM}: ",
        "ok  Stream TALLIES: ",
        "ok  Table coded_hits: ",
        "ok  Table tallies: ",
        "columns: tenant, site, occurred_at",
        "ok  Logs: ",
    ):
        assert said in evidence.clean.stdout


def test_what_was_planted_is_found_and_said_what_to_do_about(evidence: Evidence):
    assert evidence.dirty.returncode == 1
    for found in (
        f"fail  Stream {STREAM}: ",
        "fail  Stream PLANTED: ",
        "fail  Table pages: 1 value in path that looks like an IP address",
        "fail  Table planted: has columns of an address's type: address",
        "1 value in page.path that looks like an IP address",
        "1 value in the names of fields in the body that looks like an e-mail address",
        "that looks like a user agent",
        "  -> ",
    ):
        assert found in evidence.dirty.stdout, evidence.dirty.stdout


def test_what_is_found_is_not_repeated(evidence: Evidence, people: People):
    said = {"said": (evidence.dirty.stdout + evidence.dirty.stderr).encode()}
    assert search(said, needles_of(people.planted)) == set()


def test_a_rotated_salt_is_said_to_be_destroyed(evidence: Evidence):
    assert f"destroyed: {evidence.day}" in evidence.dirty.stdout


@pytest.mark.parametrize("written", [lambda who: who.ip, lambda who: who.email, lambda who: who.user_agent])
def test_a_log_that_holds_somebody_is_found(tmp_path: Path, written: Callable):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_text("listening on 127.0.0.1:8000 and [::1]:8000\n" + "x" * 5000 + "\n")
    assert examine_logs(tmp_path).severity.value == "ok"
    with (tmp_path / "logs" / "web.log.1").open("w") as rotated:
        rotated.write("x" * 4090 + f' refused "{written(invent("somebody", "203.0.113.9"))}"\n')
    finding = examine_logs(tmp_path)
    assert finding.severity.value == "fail"
    assert "in web.log.1" in finding.text
