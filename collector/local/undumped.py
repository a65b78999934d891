"""No core file: a process that fails leaves no copy of its memory, which holds people, the day's salt and secrets."""

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

_PATTERN = Path("/proc/sys/kernel/core_pattern")
# What hands the memory on whatever the limit, but for 1: at that the kernel gives up (core(5), fs/coredump.c).
_HANDED_ON, _GIVE_UP = ("|", "@"), 1
_PR_SET_DUMPABLE = 4


def hide_memory() -> None:
    """Let the kernel give this process's memory to nobody: no core file, no handler of cores, no debugger of our own user.

    A program that is started keeps the limit and loses the rest, so each of ours says it for itself.
    """
    wanted = _GIVE_UP if _is_handed_on() else 0
    # Below a hard limit of 0 there is no 1; a handler that was told 0 keeps nothing.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (wanted, wanted))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _is_handed_on() -> bool:
    try:
        return _PATTERN.read_text().startswith(_HANDED_ON)
    except OSError:
        return False
