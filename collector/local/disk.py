"""Whether a disk takes anything, and what is said when it does not: full, out of inodes, over a quota or read-only."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from collector.local.child import NotStarted

# Below this a stream's next blocks fill the disk again at once; a small disk has never so much.
ROOM_BYTES, ROOM_SHARE = 64 * 1024**2, 0.01
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_PROBE = bytes(64 * 1024)


def why_no_room(folder: Path) -> str:
    """Return "" when *folder* takes files and there is room for more, else what is wrong and what to do.

    A file is written to find out: free bytes say nothing of inodes, quotas and disks that have become read-only.
    """
    probe = folder / f".room.{secrets.token_hex(4)}"
    try:
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < min(ROOM_BYTES, ROOM_SHARE * disk.f_blocks * disk.f_frsize):
            return why_not_written(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), folder)
        with probe.open("xb") as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return why_not_written(error, folder)
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""


def why_not_written(error: OSError, folder: Path) -> str:
    """Return what is wrong with the disk of *folder*, going by the *error* that it gave, and what to do."""
    match error.errno:
        case errno.ENOSPC:
            return f"the disk is full, or has no inode left: make room in {folder}"
        case errno.EDQUOT:
            return f"the disk quota is used up: make room in {folder}, or have it raised"
        case errno.EROFS:
            return f"the disk of {folder} is read-only: see why, and mount it for writing again"
        case _:
            return f"nothing can be written to {folder} ({error.strerror}): see what is wrong with its disk"


@contextlib.contextmanager
def said_plainly(folder: Path) -> Iterator[None]:
    """Where what failed failed for the disk of *folder*, say that, in one sentence."""
    try:
        yield
    except (OSError, NotStarted) as error:
        if not (why := _why(error, folder)):
            raise
        raise NotStarted(f"{why}. Nothing that was acknowledged is lost.") from error


def _why(error: Exception, folder: Path) -> str:
    if isinstance(error, OSError) and error.errno in _DISK:
        return why_not_written(error, folder)
    return why_no_room(folder) if folder.is_dir() else ""
