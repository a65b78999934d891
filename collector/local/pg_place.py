"""The place outside the data directory where root's Postgres, which refuses to run as root, keeps its files as a plain user."""

import os
import re
import shutil
import stat
from pathlib import Path

from collector.local.child import NotStarted, Owner
from collector.local.identity import Say
from collector.local.private import sync_folder, told, write_private

# Folders that an unprivileged user can reach; made by us, and only ever ours.
SHELF = Path("/var/lib/collector")
_WHOLE = re.compile(r"[0-9a-f]{32}")
_LOCATION, _MARK = "location", "identity"
AGAIN = "The numbers are computed again from the stream."


def place_for(home: Path, identity: str, owner: Owner, say: Say, shelf: Path = SHELF) -> Path:
    """Return the place of the installation *identity*, as *home* records it or made now; what is another's is left alone."""
    recorded, own = recorded_place(home), shelf / identity
    if recorded is not None and recorded != own:
        if _is_ours(recorded, identity):
            return recorded
        why = "is another installation's" if recorded.exists() else "is gone"
        say(f"{recorded} {why}: Postgres begins in {own}. {AGAIN}")
    if not own.exists():
        if recorded == own:
            say(f"{own} is gone: Postgres begins there again. {AGAIN}")
        _make(own, identity, owner)
    elif not (mark := _mark_of(own)):
        write_private(own / _MARK, identity)
    elif mark != identity:
        raise NotStarted(f"{own} is marked as another installation's. Move it away, and start again: another one is made.")
    if recorded != own:
        write_private(home / _LOCATION, str(own))
    return own


def recorded_place(home: Path) -> Path | None:
    """Return the place that *home* records, or None when it records none, or nothing that could be one."""
    path = Path(told(home / _LOCATION))
    return path if path.is_absolute() else None


def forget_place(home: Path) -> None:
    """Forget the place that a copy of *home* brought along; the place itself is another's, and stays as it is."""
    (home / _LOCATION).unlink(missing_ok=True)


def lock_holder(files: Path) -> int | None:
    """Return the process that a Postgres' lock file in *files* names, or None when it names none."""
    number = told(files / "postmaster.pid").partition("\n")[0]
    return int(number) if number.isdecimal() else None


def is_at_work(process: int | None, files: Path) -> bool:
    """Say whether *process* is the Postgres of *files*, and not another program with its number."""
    try:
        return process is not None and Path(f"/proc/{process}/cwd").samefile(files)
    except OSError:
        return False


def _is_ours(place: Path, identity: str) -> bool:
    if (mark := _mark_of(place)) or not (place / "cluster").is_dir():
        return mark == identity
    # Of before there were identities: whoever comes first has it, unless a Postgres that is not ours works in it now.
    if is_at_work(lock_holder(files := place / "cluster" / "files"), files):
        return False
    write_private(place / _MARK, identity)
    return True


def _mark_of(place: Path) -> str:
    # One that was cut off says nothing.
    mark = told(place / _MARK)
    return mark if _WHOLE.fullmatch(mark) else ""


def _make(place: Path, identity: str, owner: Owner) -> None:
    draft = place.with_name(f".{identity}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "cluster").mkdir(mode=0o700, parents=True)
    draft.chmod(0o755)
    # To be passed through, not to be looked into: it may be somebody's data directory.
    place.parent.chmod(stat.S_IMODE(place.parent.stat().st_mode) | 0o011)
    os.chown(draft / "cluster", owner.uid, owner.gid)
    write_private(draft / _MARK, identity)
    draft.replace(place)
    sync_folder(place.parent)
