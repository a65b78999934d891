"""Finding: what a check found, and what to do about it."""

from enum import StrEnum

import click
from msgspec import Struct


class Verdict(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    ODD = "note"
    BAD = "fail"


class Finding(Struct, frozen=True):
    """One line of the report; ``advice`` is empty when there is nothing to do."""

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


def good(subject: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(Verdict.GOOD, subject, text)


def odd(subject: str, text: str, advice: str) -> Finding:
    """Return that something deserves a look, and nothing is broken."""
    return Finding(Verdict.ODD, subject, text, advice)


def bad(subject: str, text: str, advice: str) -> Finding:
    """Return that something is broken."""
    return Finding(Verdict.BAD, subject, text, advice)


def printed(finding: Finding) -> str:
    """Return the line of the report, and below it what to do."""
    verdict = click.style(f"{finding.verdict.value:>4}", fg=_COLOURS[finding.verdict], bold=True)
    line = f"{verdict}  {finding.subject}: {finding.text}"
    return line if not finding.advice else f"{line}\n      -> {finding.advice}"


_COLOURS = {Verdict.GOOD: "green", Verdict.ODD: "yellow", Verdict.BAD: "red"}
