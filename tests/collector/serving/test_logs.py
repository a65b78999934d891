"""A log line holds nothing that a request may have brought."""

import json
import logging
import subprocess
import sys

import pytest

from collector.cli.options import settings_with
from collector.serving.logs import SafeFormatter, describe

CANARY = "198.51.100.77"


def line(name: str, message: str, *arguments: object, error: BaseException | None = None, **extra: object) -> dict:
    info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord(name, logging.WARNING, "library.py", 7, message, arguments, info)
    vars(record).update(extra)
    return json.loads(SafeFormatter().format(record))


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


class Ours(Exception):
    """An error whose text we wrote."""


Ours.__module__ = "collector.example"


def test_our_own_words_and_fields_are_kept():
    logged = line("collector.stream.publisher", "stream %s is full", "EVENTS", waiting=3)
    assert (logged["message"], logged["waiting"], logged["level"]) == ("stream EVENTS is full", 3, "warning")


@pytest.mark.parametrize("message", ["%s failed", f"{CANARY} failed"])
def test_a_librarys_words_are_withheld_and_its_place_is_kept(message):
    logged = line("asyncpg.pool", message, *([CANARY] if "%" in message else []), detail=CANARY)
    assert CANARY not in json.dumps(logged)
    assert logged["where"] == "library:7"


def test_an_exception_of_a_library_is_named_but_not_quoted():
    chained = raised(ValueError(CANARY))
    chained.__cause__ = raised(KeyError(CANARY))
    logged = line("collector.app", "request failed", error=chained)
    assert CANARY not in json.dumps(logged)
    assert [told["type"] for told in logged["exception"]] == ["builtins.ValueError", "builtins.KeyError"]


def test_an_exception_of_ours_is_quoted():
    assert describe(Ours("set it back"))["text"] == "set it back"


def test_what_comes_from_a_closed_list_is_kept():
    class Database(Exception):
        sqlstate = "23505"

    assert describe(Database(CANARY)) == {"type": f"{__name__}.{Database.__qualname__}", "sqlstate": "23505"}
    assert describe(OSError(111, CANARY))["errno"] == "ECONNREFUSED"


def test_only_our_own_frames_are_shown():
    with pytest.raises(SystemExit) as caught:
        settings_with(port="not a port")
    assert {frame.split(":")[0] for frame in describe(caught.value)["frames"]} == {"collector/cli/options.py"}


ESCAPES = """
import asyncio, logging, sys, warnings
from collector.cli.options import settings_with
from collector.serving.logs import configure_logs, log_loop_errors

configure_logs("info")
canary = "198.51.100.77"
warnings.warn(canary)
logging.getLogger("nats").error("lost %s", canary)

async def forgotten():
    raise ValueError(canary)

async def main():
    log_loop_errors(asyncio.get_running_loop())
    asyncio.create_task(forgotten())
    await asyncio.sleep(0.01)

asyncio.run(main())
raise KeyError(canary)
"""


def test_nothing_escapes_through_warnings_forgotten_tasks_and_uncaught_exceptions():
    ended = subprocess.run([sys.executable, "-c", ESCAPES], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert CANARY not in ended.stdout + ended.stderr
    lines = [json.loads(text) for text in ended.stdout.splitlines()]
    assert [told["level"] for told in lines] == ["warning", "error", "error", "critical"]
    assert "ValueError" in lines[2]["exception"][0]["type"]
    assert ended.stderr == ""
