"""The files that the house rules look at: the product's, the tests' own, and what is in them."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HALVES = ("contracts", "collector", "projections")
SOURCES = sorted(file for half in HALVES for file in (ROOT / half).rglob("*.py"))
EVERY_FILE = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@functools.cache
def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(text_of(file))


def imports(file: Path) -> Iterator[str]:
    """Yield the module of every import, within functions, too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def is_at(file: Path, addresses: tuple[str, ...]) -> bool:
    """Say whether *file* is one of *addresses*, or lies in one that ends with a slash."""
    name = name_of(file)
    return any(name.startswith(address) if address.endswith("/") else name == address for address in addresses)
