"""Log files -> lines: plain or gzipped, from a path or from standard input, never more than a piece of one in memory."""

import asyncio
import contextlib
import gzip
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TypeAlias

from collector.failure import Failure

STANDARD_INPUT = Path("-")
LONGEST_LINE = 64 * 1024  # what is longer is cut, and then is no line of a log any more
_PIECE = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"

Advance: TypeAlias = Callable[[int], None]


class Unreadable(Failure):
    """The file cannot be read, or not to its end."""


async def read_lines(file: Path, advance: Advance) -> AsyncIterator[list[bytes]]:
    """Yield the lines of *file*, some at a time, without the empty ones; *advance* is told how many bytes of it were read.

    Raise Unreadable where the file is damaged, after everything before that place.
    """
    with _opened(file) as raw:
        content = gzip.GzipFile(fileobj=raw) if raw.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC) else raw
        position, rest = 0, b""
        # In a thread, because a pipe may take its time and answers must be heard meanwhile.
        while piece := await asyncio.to_thread(_read_piece, content, file):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[:LONGEST_LINE]
            yield [line[:LONGEST_LINE] for line in lines if line.strip()]
            if raw.seekable():
                advance(raw.tell() - position)
                position = raw.tell()
        if rest.strip():
            yield [rest]


def size_of(files: Sequence[Path]) -> int | None:
    """Return how many bytes *files* have together, or None when one of them is a pipe."""
    if not all(file.is_file() for file in files):
        return None
    return sum(file.stat().st_size for file in files)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BufferedReader]:
    if file != STANDARD_INPUT:
        with file.open("rb") as opened:
            yield opened
        return
    with open(sys.stdin.fileno(), "rb", closefd=False) as opened:
        yield opened


def _read_piece(content: BufferedReader | gzip.GzipFile, file: Path) -> bytes:
    try:
        return content.read1(_PIECE)
    except (EOFError, zlib.error, OSError) as error:
        raise Unreadable(
            f"{file} is damaged or cut off ({type(error).__name__}). What comes before that place is imported; mend the file "
            "and run the same command again: nothing is counted twice."
        ) from error
