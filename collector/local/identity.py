"""Which installation a data directory is, however it is named now, and whether it is a copy of another's."""

import fcntl
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from collector.local.private import sync_folder, told, write_private

# The mark is written once and moves with its folder; no copy of it is the same file.
_MARK, _SEEN = "identity", "identity.seen"
# Linux' FS_IOC_GETVERSION: tells a file from a later one that was given the same inode.
_GET_GENERATION = 0x80087601

Say = Callable[[str], None]


class Installation(Struct, frozen=True, kw_only=True):
    """A data directory's identity, a random number; ``is_copy`` when it was made now because the one there is another's."""

    id: str
    is_copy: bool


class _File(Struct, frozen=True):
    inode: int
    generation: int
    changed_ns: int


class _Seen(Struct, frozen=True):
    id: str
    folder: str
    mark: _File


def settled(folder: Path, *, forget: Callable[[], None]) -> Installation:
    """Return the installation in *folder*; a copy becomes one of its own once *forget* has taken away what came along.

    In doubt, such as after a restore or a move to another file system, it is a copy: all that costs is to compute again.
    """
    here = folder.resolve()
    seen = _seen(here)
    try:
        mark = _file(here / _MARK)
    except FileNotFoundError:
        return Installation(id=_begin(here), is_copy=False)
    if seen is None or not _is_same(mark, seen, here) or _is_still_at_home(seen, here):
        # The new identity comes last: whatever ends us before that, the next start finds a copy again.
        forget()
        return Installation(id=_begin(here), is_copy=True)
    if (now := _Seen(seen.id, str(here), mark)) != seen:
        _write_seen(here, now)
    return Installation(id=seen.id, is_copy=False)


def _begin(folder: Path) -> str:
    identity = secrets.token_hex(16)
    draft = folder / f".{_MARK}.draft"
    draft.unlink(missing_ok=True)
    write_private(draft, f"{identity}\n")
    _write_seen(folder, _Seen(identity, str(folder), _file(draft)))
    draft.replace(folder / _MARK)
    sync_folder(folder)
    return identity


def _is_same(mark: _File, seen: _Seen, here: Path) -> bool:
    # A copy has another number. Some file systems make the number up at every mount, but the time of making stays.
    is_one_file = (mark.inode, mark.generation) == (seen.mark.inode, seen.mark.generation)
    return is_one_file or (mark.changed_ns == seen.mark.changed_ns and seen.folder == str(here))


def _is_still_at_home(seen: _Seen, here: Path) -> bool:
    # A clone of a whole disk is alike in everything, but the original is still where it was; a second mount of it is itself.
    home = Path(seen.folder)
    try:
        there = _seen(home)
        is_original = there is not None and there.id == seen.id and _is_same(_file(home / _MARK), there, home)
        return is_original and not home.samefile(here)
    except OSError:
        return False


def _seen(folder: Path) -> _Seen | None:
    try:
        return msgspec.json.decode(told(folder / _SEEN), type=_Seen)
    except msgspec.MsgspecError:
        return None


def _write_seen(folder: Path, seen: _Seen) -> None:
    write_private(folder / _SEEN, msgspec.json.encode(seen).decode())


def _file(path: Path) -> _File:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        return _File(found.st_ino, _generation(descriptor), found.st_ctime_ns)
    finally:
        os.close(descriptor)


def _generation(descriptor: int) -> int:
    if sys.platform != "linux":
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, _GET_GENERATION, bytes(8))[:4], sys.byteorder)
    except OSError:
        return 0  # not every file system counts them
