"""c.js -> c.min.js: the one step between the snippet that we read and the snippet that browsers load; needs npx (Node.js)."""

import hashlib
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("c.js")
MINIFIED: Final = Path(__file__).with_name("c.min.js")
# The version is part of the command, so that the same source gives the same bytes on every machine.
COMMAND: Final = ("npx", "--yes", "terser@5.51.2", "--ecma", "2019", "--compress", "passes=3", "--mangle", "--")


def mark(source: bytes) -> bytes:
    """Return the comment that opens the minified file and says which source it was made from."""
    return f"/*{hashlib.sha256(source).hexdigest()[:12]}*/".encode()


def minify() -> None:
    """Write c.min.js anew from c.js."""
    source = SOURCE.read_bytes()
    made = subprocess.run([*COMMAND, str(SOURCE)], check=True, stdout=subprocess.PIPE)  # noqa: S603  # a literal and our own path
    MINIFIED.write_bytes(mark(source) + made.stdout.strip() + b"\n")


if __name__ == "__main__":
    minify()
