"""Where a Postgres keeps its files: in the data directory or, since it refuses to run as root, in a plain user's folder."""

import contextlib
import os
import pwd
import shutil
import sys
from functools import partial
from pathlib import Path

from msgspec import Struct

from collector.local.child import NotStarted, Owner, run
from collector.local.child import identity as identity_of
from collector.local.identity import Say, settled
from collector.local.pg_binaries import Binaries, find_binaries, reachable
from collector.local.pg_place import AGAIN, SHELF, forget_place, is_at_work, lock_holder, place_for
from collector.local.private import private_folder, sync_folder, told, write_private
from collector.settings.environment import plain_environment

SUPERUSER = "collector"
_UNPRIVILEGED = ("postgres", "nobody")
_INITDB = ("--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8")


class Cluster(Struct, frozen=True, kw_only=True):
    """The files of one Postgres, who owns them, and the programs that can read them.

    ``log`` stays outside ``folder``: we write it, and should not follow the links of whoever owns ``folder``.
    """

    folder: Path
    log: Path
    owner: Owner | None
    binaries: Binaries

    @property
    def files(self) -> Path:
        """Return the folder that Postgres itself calls its data directory."""
        return self.folder / "files"


def open_cluster(home: Path, *, password: str, identity: str | None = None, say: Say = lambda _: None) -> Cluster:
    """Return the cluster that belongs to *home*, made on first use with *password* for its superuser.

    Without the *identity* of the installation that *home* is a part of, *home* is an installation of its own.
    """
    identity = identity or settled(home, forget=partial(forget_cluster, home)).id
    owner = _unprivileged_user()
    below = home if owner is None else place_for(home, identity, owner, say)
    folder = below / "cluster"
    if _is_cut_off(folder / "files"):
        # Kept for whoever wants to look; what was in it is computed again.
        shutil.rmtree(folder / "files.unreadable", ignore_errors=True)
        (folder / "files").replace(folder / "files.unreadable")
        say(f"{folder / 'files'} is no database any more, and is made again. {AGAIN}")
    binaries = find_binaries(_major_that_wrote(folder / "files"))
    cluster = Cluster(
        folder=folder,
        log=below / "postgres.log",
        owner=owner,
        binaries=binaries if owner is None else reachable(binaries, owner, SHELF),
    )
    if not cluster.files.exists():
        _initialise(cluster, password)
    return cluster


def forget_cluster(home: Path) -> None:
    """Forget the cluster that a copy of *home* brought along: it may have been copied while a Postgres wrote to it."""
    forget_place(home)
    shutil.rmtree(home / "cluster", ignore_errors=True)


def disown_lock(cluster: Cluster) -> None:
    """Where the lock file of a Postgres that is gone names a living stranger, as after a reboot, let it name us instead.

    Postgres takes its parent for no other Postgres; were the file removed, it could not see backends that are still there.
    """
    holder = lock_holder(cluster.files)
    if holder is None or not Path(f"/proc/{holder}").exists() or is_at_work(holder, cluster.files):
        return
    descriptor = os.open(cluster.files / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "r+") as file:
        rest = file.read().partition("\n")[2]
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n{rest}")


def set_password(cluster: Cluster, password: str) -> None:
    """Give the superuser of a cluster that is not running *password*, in the way that needs no other."""
    argv = [cluster.binaries.path("postgres"), "--single", "-D", str(cluster.files), "postgres"]
    statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'\n"
    answer = run(argv, cwd=cluster.folder, env=plain_environment(), input=statement, **identity_of(cluster.owner))
    if answer.returncode != 0:
        raise NotStarted(f"Postgres' password in {cluster.files} could not be set again: move that folder away. {AGAIN}")


def _unprivileged_user() -> Owner | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Owner(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise NotStarted("Postgres refuses to run as root, and there is no user postgres or nobody. Run as an ordinary user.")


def _major_that_wrote(files: Path) -> int | None:
    version = told(files / "PG_VERSION").split(".")[0]
    return int(version) if version.isdecimal() else None


def _is_cut_off(files: Path) -> bool:
    return files.exists() and _major_that_wrote(files) is None


def _initialise(cluster: Cluster, password: str) -> None:
    private_folder(cluster.folder)
    # A draft that becomes the real folder in one step: an initdb that was killed halfway leaves nothing to trip over.
    draft = cluster.folder / "files.draft"
    shutil.rmtree(draft, ignore_errors=True)
    secret = cluster.folder / "password.draft"
    write_private(secret, password, owner=None if cluster.owner is None else (cluster.owner.uid, cluster.owner.gid))
    command = [cluster.binaries.path("initdb"), "-D", str(draft), "--pwfile", str(secret), *_INITDB, *_locale(cluster.binaries)]
    try:
        answer = run(command, cwd=cluster.folder, env=plain_environment(), **identity_of(cluster.owner))
    finally:
        secret.unlink(missing_ok=True)
    if answer.returncode != 0:
        raise NotStarted(f"initdb could not make a database in {cluster.folder}: {answer.stderr.strip()}")
    draft.replace(cluster.files)
    sync_folder(cluster.folder)


def _locale(binaries: Binaries) -> tuple[str, ...]:
    # The same order of text on every machine; newer servers bring their own C.UTF-8.
    if binaries.major >= 17:  # noqa: PLR2004  # the version that has it
        return ("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C")
    return ("--locale", "C" if sys.platform == "darwin" else "C.UTF-8")
