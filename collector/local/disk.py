"""What is said when a disk takes nothing any more: full, out of inodes, over a quota or read-only."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from collector.failure import Failure

_FULL = (errno.ENOSPC, errno.EDQUOT)


def why_nothing_is_written(error: OSError, folder: Path) -> str | None:
    """Return what is wrong with the disk of *folder* and what to do, or None when *error* says nothing about it."""
    if error.errno in _FULL:
        return f"the disk is full: make room in {folder}. Nothing that was acknowledged is lost."
    if error.errno == errno.EROFS:
        return f"the disk of {folder} is read-only: see why, and mount it again for writing."
    return None


@contextlib.contextmanager
def said_plainly(folder: Path) -> Iterator[None]:
    """Turn what a disk refuses into a Failure's one sentence."""
    try:
        yield
    except OSError as error:
        if (why := why_nothing_is_written(error, folder)) is None:
            raise
        raise Failure(why) from error
