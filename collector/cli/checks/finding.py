"""Finding: what a check found, and what to do about it."""

from enum import StrEnum

import click
from msgspec import Struct


class Severity(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    ODD = "note"
    BAD = "fail"


class Finding(Struct, frozen=True):
    """One line of the report; ``advice`` is empty when there is nothing to do."""

    severity: Severity
    subject: str
    text: str
    advice: str = ""


def good(subject: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(Severity.GOOD, subject, text)


def odd(subject: str, text: str, advice: str) -> Finding:
    """Return that something deserves a look, and nothing is broken."""
    return Finding(Severity.ODD, subject, text, advice)


def bad(subject: str, text: str, advice: str) -> Finding:
    """Return that something is broken."""
    return Finding(Severity.BAD, subject, text, advice)


def sentence(text: str) -> str:
    """Return *text*, which some log says in passing, as an advice of its own."""
    text = text.removesuffix("; trying again")
    return f"{text[:1].upper()}{text[1:]}."


def printed(finding: Finding) -> str:
    """Return the line of the report, and below it what to do."""
    severity = click.style(f"{finding.severity.value:>4}", fg=_COLOURS[finding.severity], bold=True)
    line = f"{severity}  {finding.subject}: {finding.text}"
    return line if not finding.advice else f"{line}\n      -> {finding.advice}"


_COLOURS = {Severity.GOOD: "green", Severity.ODD: "yellow", Severity.BAD: "red"}
