"""c.js -> c.min.js: the one step between the snippet that we read and the snippet that browsers load; needs npx (Node.js)."""

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Final

from collector.downloads import DOWNLOAD_TYPES

SOURCE: Final = Path(__file__).with_name("c.js")
MINIFIED: Final = Path(__file__).with_name("c.min.js")
# The version is part of the command, so that the same source gives the same bytes on every machine.
COMMAND: Final = ("npx", "--yes", "terser@5.51.2", "--ecma", "2019", "--compress", "passes=3", "--mangle", "--")


_FILE: Final = re.compile(r"const FILE = /.*/i;")


def with_downloads(source: bytes) -> bytes:
    """Return *source* with the one list of files that count as downloads."""
    return _FILE.sub(rf"const FILE = /\\.({'|'.join(sorted(DOWNLOAD_TYPES))})$/i;", source.decode()).encode()


def mark(source: bytes) -> bytes:
    """Return the comment that opens the minified file and says which source it was made from."""
    return f"/*{hashlib.sha256(source).hexdigest()[:12]}*/".encode()


def minify() -> None:
    """Write c.min.js anew from c.js, which gets the list of downloads as it is."""
    source = with_downloads(SOURCE.read_bytes())
    SOURCE.write_bytes(source)
    made = subprocess.run([*COMMAND, str(SOURCE)], check=True, stdout=subprocess.PIPE)  # noqa: S603  # a literal and our own path
    MINIFIED.write_bytes(mark(source) + made.stdout.strip() + b"\n")


if __name__ == "__main__":
    minify()
