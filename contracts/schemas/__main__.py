"""``python -m contracts.schemas``: write the schemas and the AsyncAPI document again, and freeze versions that are new."""

import sys
from pathlib import Path

from contracts.schemas.generate import FROZEN, documents, fingerprint, read_frozen

HERE = Path(__file__).parent


def main() -> int:
    """Write what is generated; refuse to change a version that is published."""
    frozen = read_frozen(HERE / FROZEN)
    for name, text in documents().items():
        if name in frozen and frozen[name] != fingerprint(text):
            sys.stderr.write(f"{name} is published and cannot change: add the next version, and an upcast to it.\n")
            return 1
        (HERE / name).write_text(text, encoding="utf-8")
        if name.endswith(".json"):
            frozen[name] = fingerprint(text)
    lines = [f"{digest}  {name}\n" for name, digest in sorted(frozen.items())]
    (HERE / FROZEN).write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
