"""The house rules that a linter does not know: first sentences, sizes, names, and where each library may live."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HALVES = ("contracts", "collector", "projections")
SOURCES = sorted(file for half in HALVES for file in (ROOT / half).rglob("*.py"))
EVERY_FILE = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
VAGUE = {"common", "utils", "util", "core", "helpers", "helper", "misc", "manager", "managers", "base", "service", "services"}

# One library, one address: who may import it, by the start of the path.
ADDRESSES = {
    "nats": (
        "collector/stream/",
        "collector/salts/",
        "collector/imports/",
        "collector/ingest.py",
        "projections/stream",
    ),
    "sqlalchemy": ("projections/",),
    "asyncpg": ("projections/",),
    "apscheduler": ("collector/jobs.py", "projections/jobs.py"),
    "uvicorn": ("collector/serving/",),
    "ua_parser": ("collector/privacy/",),
    "crawleruseragents": ("collector/privacy/",),
    "maxminddb": ("collector/privacy/",),
    "jinja2": ("projections/dashboard/",),
    "babel": ("projections/dashboard/",),
}
ENVIRONMENT = ("collector/settings/", "collector/cli/")
PERSON = (
    "collector/dialects/",
    "collector/hit.py",
    "collector/admit.py",
    "collector/privacy/",
    "collector/arrival.py",
    "collector/imports/accesslog/",
)


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", EVERY_FILE, ids=name_of)
def test_a_file_opens_with_a_sentence(file: Path):
    first = (ast.get_docstring(parsed(file)) or "").partition("\n")[0]
    assert first.endswith((".", "?")), "the first line of the docstring is one sentence that says what the file holds"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_has_one_reason_to_exist(file: Path):
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: what is its second reason?"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_function_fits_a_screen(file: Path):
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_no_name_is_a_cupboard(file: Path):
    assert not VAGUE & set(file.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_library_has_one_address(file: Path):
    for module in imports(file):
        allowed = ADDRESSES.get(module.partition(".")[0])
        assert allowed is None or name_of(file).startswith((*allowed, "collector/cli/")), f"{module} is not for this file"


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_only_the_settings_read_the_environment(file: Path):
    if name_of(file).startswith(ENVIRONMENT):
        return
    assert not re.search(r"\bos\.(environ|getenv)\b", file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_only_the_front_rooms_touch_the_person(file: Path):
    if name_of(file).startswith(PERSON):
        return
    touched = [
        node.attr for node in ast.walk(parsed(file)) if isinstance(node, ast.Attribute) and node.attr in ("ip", "user_agent")
    ]
    assert not touched, "address and user agent do not leave dialects, hit, admit and privacy"


@pytest.mark.parametrize("file", EVERY_FILE, ids=name_of)
def test_nothing_is_left_for_later(file: Path):
    if file == Path(__file__):
        return
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pytest\.(skip|xfail)|mark\.(skip|xfail)", text)


def test_a_catch_all_lives_only_where_it_is_accounted_for():
    found = {
        name_of(file)
        for file in SOURCES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }
    assert found <= {"collector/app.py", "projections/projector/worker.py"}
