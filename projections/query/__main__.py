"""`python -m projections.query`: write the table of definitions in projections/README.md again."""

import re
from pathlib import Path

from projections.query.definitions import definitions_table

_README = Path(__file__).parent.parent / "README.md"

if __name__ == "__main__":
    text = _README.read_text(encoding="utf-8")
    _README.write_text(re.sub(r"\| number \|(?:.*\|\n)+", lambda _: definitions_table(), text), encoding="utf-8")
