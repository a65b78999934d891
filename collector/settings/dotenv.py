"""The file .env in the working folder -> the settings that it names, each a line such as COLLECTOR_PORT=9000.

Its syntax is the part that every reader of such files agrees on: NAME=value, `export ` before it or not, a comment from # at
the start of a line or after a blank. In "..." or '...' a value is taken to the letter, # and blanks included. Nothing is put
in for $. Names that are not ours, such as those that compose.yaml reads, are left alone.
"""

import re
from pathlib import Path

from collector.settings.declaration import PREFIX

_OURS = re.compile(rf"\s*(?:export\s+)?({PREFIX}\w*)(.*)")
_VALUE = re.compile(r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|((?:(?<!\s)\#|[^#"'])*?))\s*(?:(?<=\s)\#.*)?""")


def read_dotenv(file: Path) -> tuple[dict[str, str], list[str]]:
    """Return the settings in *file* and one sentence for each line that cannot be understood; nothing when there is no file."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()  # editors on Windows write a mark first
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError):
        return {}, [f"{file} cannot be read; make it a text file that this user may read, or move it away"]
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, start=1):
        named = _OURS.fullmatch(line)
        if named is None:
            continue
        value = _VALUE.fullmatch(named[2])
        if value is None:
            problems.append(f"{file}, line {number}, is not NAME=value; put a value with quotes in it into the other quotes")
            continue
        found[named[1]] = next((part for part in value.groups() if part is not None), "")
    return found, problems
