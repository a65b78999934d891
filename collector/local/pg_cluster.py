"""Where a Postgres keeps its files: in the data directory or, since it refuses to run as root, in a plain user's folder."""

import contextlib
import hashlib
import os
import pwd
import shutil
import sys
from pathlib import Path

from msgspec import Struct

from collector.local.child import NotStarted, Owner, identity, run
from collector.local.pg_binaries import Binaries, find_binaries, reachable
from collector.local.private import private_folder, write_private
from collector.settings.environment import plain_environment

SUPERUSER = "collector"
_UNPRIVILEGED = ("postgres", "nobody")
# Folders that an unprivileged user can reach; made by us, and only ever ours.
_SHELF = Path("/var/lib/collector")
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


def open_cluster(home: Path, *, password: str) -> Cluster:
    """Return the cluster that belongs to *home*, made on first use with *password* for its superuser."""
    owner = _unprivileged_user()
    below = home if owner is None else _place_for(home, owner)
    folder = below / "cluster"
    binaries = find_binaries(_major_that_wrote(folder / "files"))
    cluster = Cluster(
        folder=folder,
        log=below / "postgres.log",
        owner=owner,
        binaries=binaries if owner is None else reachable(binaries, owner, _SHELF),
    )
    if not (cluster.files / "PG_VERSION").exists():
        _initialise(cluster, password)
    return cluster


def _unprivileged_user() -> Owner | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Owner(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise NotStarted("Postgres refuses to run as root, and there is no user postgres or nobody. Run as an ordinary user.")


def _place_for(home: Path, owner: Owner) -> Path:
    recorded = home / "location"
    if recorded.exists():
        return Path(recorded.read_text().strip())
    place = _SHELF / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
    # The data directory that these files belonged to is gone, and with it their password; they can be computed again.
    shutil.rmtree(place, ignore_errors=True)
    (place / "cluster").mkdir(mode=0o700, parents=True)
    for folder in (_SHELF, place):
        folder.chmod(0o755)
    os.chown(place / "cluster", owner.uid, owner.gid)
    write_private(recorded, str(place))
    return place


def _major_that_wrote(files: Path) -> int | None:
    version = files / "PG_VERSION"
    return int(version.read_text().split(".")[0]) if version.exists() else None


def _initialise(cluster: Cluster, password: str) -> None:
    private_folder(cluster.folder)
    # A draft that becomes the real folder in one step: an initdb that was killed halfway leaves nothing to trip over.
    draft = cluster.folder / "files.draft"
    shutil.rmtree(draft, ignore_errors=True)
    secret = cluster.folder / "password.draft"
    write_private(secret, password, owner=None if cluster.owner is None else (cluster.owner.uid, cluster.owner.gid))
    command = [cluster.binaries.path("initdb"), "-D", str(draft), "--pwfile", str(secret), *_INITDB, *_locale(cluster.binaries)]
    try:
        answer = run(command, cwd=cluster.folder, env=plain_environment(), **identity(cluster.owner))
    finally:
        secret.unlink()
    if answer.returncode != 0:
        raise NotStarted(f"initdb could not make a database in {cluster.folder}: {answer.stderr.strip()}")
    draft.replace(cluster.files)


def _locale(binaries: Binaries) -> tuple[str, ...]:
    # The same order of text on every machine; newer servers bring their own C.UTF-8.
    if binaries.major >= 17:  # noqa: PLR2004  # the version that has it
        return ("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C")
    return ("--locale", "C" if sys.platform == "darwin" else "C.UTF-8")
