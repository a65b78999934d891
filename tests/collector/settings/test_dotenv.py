"""The promises of .env: the environment goes before it, its syntax is small, and what is not ours is left alone."""

from pathlib import Path

import pytest

from collector.settings import InvalidSettings
from collector.settings.dotenv import read_dotenv
from collector.settings.environment import environment_with, overlaid

SECRET = "hunter2-and-more-of-it"


@pytest.fixture
def dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .env of the working folder, for a process without settings of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("COLLECTOR_SITES=a.example,b.example", "a.example,b.example"),
        ("export COLLECTOR_SITES=a.example", "a.example"),
        ("  COLLECTOR_SITES = a.example   # the shop", "a.example"),
        ('COLLECTOR_SITES="a # b"  # quoted', "a # b"),
        ("""COLLECTOR_SITES='a"b'""", 'a"b'),
        ("COLLECTOR_SITES=a#b", "a#b"),
        ("COLLECTOR_SITES=$HOME", "$HOME"),
        ("COLLECTOR_SITES=", ""),
        ("COLLECTOR_SITES= # none", ""),
    ],
)
def test_a_line_gives_a_setting(dotenv: Path, line: str, value: str):
    dotenv.write_text(f"# ours\n\n{line}\n")
    assert read_dotenv(dotenv) == ({"COLLECTOR_SITES": value}, [])


def test_other_peoples_names_and_comments_are_left_alone(dotenv: Path):
    dotenv.write_text("NATS_TOKEN=abc\n#COLLECTOR_PORT=1\nPOSTGRES_PASSWORD='\nanything at all\n")
    assert read_dotenv(dotenv) == ({}, [])


@pytest.mark.parametrize("rest", [f" {SECRET}", f'="{SECRET}', f"=it's {SECRET}"])
def test_a_line_that_cannot_be_understood_is_numbered_and_not_quoted(dotenv: Path, rest: str):
    dotenv.write_text(f"\nCOLLECTOR_ACCESS_TOKEN{rest}\n")
    with pytest.raises(InvalidSettings) as invalid:
        environment_with({})
    assert "line 2" in str(invalid.value)
    assert SECRET not in str(invalid.value)


def test_the_environment_goes_before_the_file_and_an_option_before_both(dotenv: Path, monkeypatch: pytest.MonkeyPatch):
    dotenv.write_text("COLLECTOR_PORT=1\nCOLLECTOR_HOST=file.example\nCOLLECTOR_DATA=file\n")
    monkeypatch.setenv("COLLECTOR_HOST", "environment.example")
    monkeypatch.setenv("COLLECTOR_DATA", "environment")
    given = environment_with({"COLLECTOR_DATA": "option"})
    assert [given[f"COLLECTOR_{name}"] for name in ("PORT", "HOST", "DATA")] == ["1", "environment.example", "option"]


def test_a_secret_given_above_is_not_also_taken_from_a_file_below():
    assert overlaid({"COLLECTOR_NATS_URL_FILE": "/x"}, {"COLLECTOR_NATS_URL": "y"}) == {"COLLECTOR_NATS_URL": "y"}
    assert overlaid({"COLLECTOR_NATS_URL": "y"}, {"COLLECTOR_NATS_URL_FILE": "/x"}) == {"COLLECTOR_NATS_URL_FILE": "/x"}


def test_no_file_is_no_setting(dotenv: Path):
    assert read_dotenv(dotenv) == ({}, [])


def test_a_folder_of_that_name_is_a_problem(dotenv: Path):
    dotenv.mkdir()
    assert "cannot be read" in read_dotenv(dotenv)[1][0]


def test_the_mark_that_some_editors_begin_a_file_with_hides_no_setting(dotenv: Path):
    dotenv.write_bytes(b"\xef\xbb\xbfCOLLECTOR_PORT=9000\n")
    assert read_dotenv(dotenv) == ({"COLLECTOR_PORT": "9000"}, [])
