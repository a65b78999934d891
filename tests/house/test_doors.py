"""What only a few may do, so that whoever looks for it knows where: see a person, read the environment, catch all, print."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import SOURCES, is_at, name_of, parsed, text_of

# From the request's arrival to the point of no return, and the logs of web servers, which are requests, too.
PERSON = (
    "collector/arrival.py",
    "collector/recognise.py",
    "collector/dialects/",
    "collector/hit.py",
    "collector/kinds/",
    "collector/limit.py",
    "collector/admit.py",
    "collector/pipeline.py",
    "collector/privacy/",
    "collector/imports/accesslog/",
)
# Each of them logs or counts what it caught, and answers or goes on.
CATCH_ALL = (
    *("collector/app.py", "collector/pipeline.py"),
    *("projections/projector/worker.py", "projections/projector/rolling.py"),
    *("projections/tallies/keeper.py", "projections/control/keeper.py"),
    "projections/forwarding/sink.py",
)
ENVIRONMENT = re.compile(r"\bos\.(environ|getenv)\b|from os import .*\b(environ|getenv)\b")


def test_only_the_front_rooms_touch_the_person():
    found = [touch for file in SOURCES if not is_at(file, PERSON) for touch in attributes(file, "ip", "user_agent")]
    assert not found, "an address and a user agent end in collector/privacy; pass on what is made of them there"


def attributes(file: Path, *names: str) -> Iterator[str]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield f"{name_of(file)}:{node.lineno} .{node.attr}"


def test_only_the_settings_read_the_environment():
    found = [
        name_of(file) for file in SOURCES if not is_at(file, ("collector/settings/",)) and ENVIRONMENT.search(text_of(file))
    ]
    assert not found, "make it a setting (collector/settings), so that it is documented, checked and shown"


def test_a_catch_all_lives_only_where_it_is_accounted_for():
    found = [
        f"{name_of(file)}:{node.lineno}"
        for file in SOURCES
        if not is_at(file, CATCH_ALL)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ExceptHandler) and catches_all(node.type)
    ]
    assert not found, "catch the narrowest error, where something can be done about it; let the others pass"


def catches_all(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in ("Exception", "BaseException") for node in ast.walk(caught))


def test_nobody_prints():
    found = [
        f"{name_of(file)}:{node.lineno}"
        for file in SOURCES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not found, "a role logs, through the formatter that withholds data; a command says with click.echo"
