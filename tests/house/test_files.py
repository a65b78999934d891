"""A file is found by its name, read at one go, and says itself what it is for."""

import ast
import re
from pathlib import Path

from tests.house.sources import EVERY_FILE, ROOT, SOURCES, name_of, parsed, text_of

# A screen is what is understood at once; a file, what is read in one sitting. More lines than that hold a second thought.
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
# Whatever has no place finds one in a cupboard, so there is none.
CUPBOARDS = {
    "common",
    "utils",
    "util",
    "core",
    "helpers",
    "helper",
    "misc",
    "manager",
    "managers",
    "base",
    "service",
    "services",
}
# What is left for later is forgotten; what cannot be done now stands in an issue.
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pytest\.(skip|xfail)|mark\.(skip|xfail)")


def test_a_file_opens_with_a_sentence():
    silent = [name_of(file) for file in EVERY_FILE if not first_line(file).endswith((".", "?"))]
    assert not silent, "begin each with one line that says what the file holds, as a sentence with its full stop"


def first_line(file: Path) -> str:
    return (ast.get_docstring(parsed(file)) or "").partition("\n")[0]


def test_a_file_has_one_reason_to_exist():
    long = {name_of(file): lines for file in SOURCES if (lines := len(text_of(file).splitlines())) > LONGEST_FILE}
    assert not long, f"over {LONGEST_FILE} lines: find the second reason, and give it a file named after it"


def test_a_function_fits_a_screen():
    long = [
        f"{name_of(file)}:{node.lineno} {node.name}"
        for file in SOURCES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long, f"over {LONGEST_FUNCTION} lines: name a part of it, and let it be a function"


def test_no_name_is_a_cupboard():
    found = [name_of(file) for file in SOURCES if CUPBOARDS & set(file.relative_to(ROOT).with_suffix("").parts)]
    assert not found, "name the file after what it does to the data; a name that fits everything collects everything"


def test_nothing_is_left_for_later():
    found = [name_of(file) for file in EVERY_FILE if file != Path(__file__) and LATER.search(text_of(file))]
    assert not found, "do it now, or take it out and file an issue"


def test_the_tests_mirror_the_tree():
    # Whoever changes a room finds its tests without a search.
    rooms = {file.parent.relative_to(ROOT / "tests") for file in EVERY_FILE if file.name.startswith("test_")}
    within = [room for room in rooms if room.parts and (ROOT / room.parts[0] / "__init__.py").exists()]
    strangers = [room.as_posix() for room in within if not (ROOT / room).is_dir()]
    assert not strangers, "move these tests to the folder that is named as the room they are about"


def test_the_command_line_holds_commands():
    # What a command does for more than one of them is a room's; these are the command line itself.
    itself = {
        "__init__.py",
        "__main__.py",
        "lazy.py",
        "options.py",
        "terminal.py",
        "clock.py",
        "named_site.py",
        "deciding.py",
        "differences.py",
        "forwarding.py",
        "set_aside.py",
        "targets.py",
    }
    files = [file for file in SOURCES if file.parent == ROOT / "collector" / "cli" and file.name not in itself]
    assert not [name_of(file) for file in files if not re.search(r"^def command\(|^command = ", text_of(file), re.MULTILINE)]
