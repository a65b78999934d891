"""The place of root's Postgres belongs to one installation; what is another's is neither used nor removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector.local.child import NotStarted, Owner
from collector.local.pg_place import place_for, recorded_place

OURS, THEIRS = "a" * 32, "b" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The part of a data directory that is Postgres's."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def place(home: Path, tmp_path: Path):
    """Ask for the place of *home*, on a shelf of the test's own; what was said is in ``place.said``."""

    def ask(identity: str = OURS) -> Path:
        owner = Owner(name="us", uid=os.geteuid(), gid=os.getegid())
        return place_for(home, identity, owner, ask.said.append, tmp_path / "shelf")

    ask.said = []
    return ask


def of_before(folder: Path) -> Path:
    (folder / "cluster" / "files").mkdir(parents=True)
    return folder


def test_a_place_is_named_after_its_installation_and_marked_with_it(place, home):
    made = place()
    assert made.name == OURS
    assert (made / "identity").read_text() == OURS
    assert (made / "cluster").is_dir()
    assert recorded_place(home) == made == place()
    assert place.said == []


def test_the_place_of_another_installation_stays_as_it_is(place):
    theirs = place(THEIRS)
    (theirs / "cluster" / "rows").write_text("theirs")
    ours = place(OURS)
    assert ours != theirs
    assert (theirs / "cluster" / "rows").read_text() == "theirs"
    assert "another installation's" in place.said[0]
    (ours / "identity").write_text(THEIRS)
    with pytest.raises(NotStarted, match="Move it away"):
        place(OURS)


def test_a_place_of_before_there_were_identities_is_taken_over_once(place, home, tmp_path):
    before = of_before(tmp_path / "shelf" / "0123456789abcdef")
    (home / "location").write_text(str(before))
    assert place(OURS) == before == place(OURS)
    assert (before / "identity").read_text() == OURS
    assert place(THEIRS) != before


def test_a_place_of_before_in_which_a_postgres_works_is_not_taken_over(place, home, tmp_path):
    before = of_before(tmp_path / "shelf" / "0123456789abcdef")
    (home / "location").write_text(str(before))
    files = before / "cluster" / "files"
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(sleeper, cwd=files) as working:
        (files / "postmaster.pid").write_text(f"{working.pid}\n{files}\n")
        taken = place()
        working.kill()
    assert taken != before
    assert not (before / "identity").exists()


@pytest.mark.parametrize("content", ["", "\0\0\0\0", "var/lib"])
def test_a_location_that_was_cut_off_is_found_again_by_the_identity(place, home, content):
    made = place()
    (home / "location").write_text(content)
    (made / "identity").write_text("")
    assert place() == made
    assert recorded_place(home) == made


def test_a_place_that_is_gone_is_made_again_and_that_is_said(place):
    made = place()
    made.rename(made.with_name("moved away"))
    assert place() == made
    assert "computed again" in place.said[0]
