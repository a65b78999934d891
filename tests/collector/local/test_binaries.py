"""Postgres' programs, for a user who cannot reach the folder that they are in; only root can become somebody else."""

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.local import pg_binaries
from collector.local.child import Owner, identity, run
from collector.local.pg_binaries import Binaries, find_binaries, reachable


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that everybody can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def hidden(tmp_path: Path) -> Binaries:
    """The wheel's Postgres below somebody's home."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    found = find_binaries()
    package = found.folder.parent.parent
    shutil.copytree(package / found.folder.parent.name, home / package.name / found.folder.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name)
    return Binaries(folder=home / package.name / found.folder.parent.name / "bin", major=found.major)


def somebody() -> Owner:
    uid = 65534 if os.geteuid() == 0 else os.geteuid()
    return Owner(name="somebody", uid=uid, gid=uid if os.geteuid() == 0 else pwd.getpwuid(uid).pw_gid)


def test_programs_out_of_reach_are_copied_once_and_the_home_keeps_its_mode(hidden, shelf):
    owner = somebody()
    usable = reachable(hidden, owner, shelf)
    assert run([usable.path("postgres"), "--version"], cwd="/", **identity(owner)).returncode == 0
    assert stat.S_IMODE((hidden.folder.parents[2]).stat().st_mode) == 0o700
    if os.geteuid() == 0:
        assert usable.folder.is_relative_to(shelf)
        assert reachable(hidden, owner, shelf) == usable
        assert len(list(shelf.iterdir())) == 1


def test_a_copy_that_a_power_failure_has_cut_off_is_made_again(hidden, shelf, monkeypatch):
    monkeypatch.setattr(pg_binaries, "_can_run", only_in(shelf, pg_binaries._can_run))
    copy = reachable(hidden, somebody(), shelf)
    Path(copy.path("postgres")).write_bytes(b"")
    assert run([reachable(hidden, somebody(), shelf).path("postgres"), "--version"]).returncode == 0


def only_in(shelf: Path, can_run):
    # An ordinary user's own folder is never out of reach, and root's is: the same for both.
    return lambda binaries, owner: binaries.folder.is_relative_to(shelf) and can_run(binaries, owner)
