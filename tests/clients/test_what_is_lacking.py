"""Without the repositories nothing runs, and what is lacking is named; of people and machines nothing is written down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients import recordings
from tests.clients.__main__ import SYSTEMS, main

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


def test_each_file_that_is_lacking_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("CLIENTS", str(tmp_path))
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(SYSTEMS)
    for name, line in zip(SYSTEMS, lines, strict=True):
        assert all(need in line for need in SYSTEMS[name].NEEDS), "in the table of tests/clients/README.md"


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ('{"t":1795770000000}', '{"t":1795773600000}'),
        ("at=2026-11-27T09:00:00Z&to=x", "at=2026-11-27T10:00:00Z&to=x"),
        ('"2026-11-27T09:00:00.123Z"', '"2026-11-27T10:00:00.123Z"'),
        (
            "1640995200000 2022-01-01T00:00:00Z turn_1795770000000_abc",
            "1640995200000 2022-01-01T00:00:00Z turn_1795770000000_abc",
        ),
    ],
)
def test_what_was_said_of_the_moment_is_said_of_now(text: str, moved: str):
    assert recordings.as_if_now(text, AT, AT + timedelta(hours=1)) == moved


def test_nobody_is_named():
    assert recordings.made_up("mail=carl.doe@example.com") == "mail=user@people.example"
    assert recordings.made_up(f"?user_id={'x1' * 14}&limit=2") == "?user_id=somebody&limit=2"
