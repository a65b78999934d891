"""Every message of the product that tells somebody to change something, found where it is written."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.house.sources import ROOT, SOURCES, name_of, parsed

# Commands of ours that change what is stored or counted, anybody else's, and words for what a person does by hand.
CHANGES = re.compile(
    r"\bcollector (?:backfill|migrate|import|demo)\b|`?\b(?:nats stream|pip install|docker compose down)\b|--accept-loss|\brm -"
    r"|\b(?:put|set|move)\b[^.:]*\b(?:back|away)\b|\bback (?:it )?up\b"
    r"|\b(?:raise|lower|set|change) [^.]{0,40}\bCOLLECTOR_(?:STREAM|PARTITION|DATA|NATS_URL|SALT)"
    r"|\b(?:delete|drop|erase|remove|destroy|restore|install|upgrade|rename) (?:it|them|the|this|that|its|a|an|one|nats\S+)\b",
    re.IGNORECASE,
)
# The examples below a command's help, and names of options.
EXAMPLE = re.compile(r"(?:COLLECTOR_\w+=\S+ |zcat \S+ \| )*collector [a-z]+[^`]*|--[a-z-]+")
# Descriptions of commands, settings and the API, which advise nothing.
DESCRIBES = ("contracts/schemas/", "collector/serving/edge.py", "collector/settings/compose.py", "collector/jobs.py")
DOCUMENTS = (
    "README.md",
    "compose.yaml",
    "env.example",
    "deploy/prometheus/alerts.rules.yml",
    "deploy/systemd/collector.service",
)


class Message(NamedTuple):
    """A text, and the file that says it."""

    file: str
    text: str


def messages() -> list[Message]:
    """Return every message that advises a change, those of the documents included."""
    code = [Message(name_of(file), text) for file in SOURCES for text in _texts(parsed(file))]
    documents = [Message(name, text) for name in DOCUMENTS for text in _paragraphs((ROOT / name).read_text(encoding="utf-8"))]
    found = [message for message in [*code, *documents] if CHANGES.search(message.text)]
    return [message for message in found if not message.file.startswith(DESCRIBES) and not EXAMPLE.fullmatch(message.text)]


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yield each string of the code as one, {} where something is put in; docstrings speak to whoever reads the code."""
    spoken = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    documents = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, spoken) and _has_docstring(node)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in documents | parts:
            continue
        if isinstance(node, ast.JoinedStr):
            yield _one_line("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield _one_line(node.value)


def _has_docstring(node: ast.AST) -> bool:
    body = getattr(node, "body", [])
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def _paragraphs(text: str) -> list[str]:
    return [_one_line(part) for part in re.split(r"\n\s*\n|\n(?=- |\| |# |\s+do: )", text)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
