"""JSON logs on standard output that cannot hold a request's data.

What we log ourselves is written to be safe. What a library logs may quote anything: a statement's values, a path, an address.
So of a library's record only its place is kept, and of an exception its type, the place in our code, and the few
facts about it that come from closed lists (a SQLSTATE, an errno).
"""

import asyncio
import errno
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

_OURS = ("collector", "projections", "contracts")
# Every record has these; what else a record of ours has, it was given on purpose.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LONGEST_CHAIN = 5
_ROOT = Path(__file__).parents[2]


class SafeFormatter(logging.Formatter):
    """One line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record without anything that a request may have brought."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if _is_ours(record.name):
            line |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        else:
            line["where"] = f"{record.module}:{record.lineno}"
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = [describe(error) for error in _chain(record.exc_info[1])]
        return json.dumps(line, default=str)


def configure_logs(level: str) -> None:
    """Send every log of this process through the formatter above, uncaught exceptions and warnings included."""
    out = logging.StreamHandler(sys.stdout)
    out.setFormatter(SafeFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[out], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    # The server reports every malformed request; they are counted instead (serving/protocol.py).
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def log_loop_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Have the event loop report what nobody awaited by its type; its own report quotes the exception."""
    loop.set_exception_handler(lambda _, context: _log_forgotten(context))


def describe(error: BaseException) -> dict[str, Any]:
    """Return what may be said about *error*; its text only when the class is ours."""
    described: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if _is_ours(type(error).__module__):
        described["text"] = str(error)
    if isinstance(error, OSError) and (name := errno.errorcode.get(error.errno or 0)) is not None:
        described["errno"] = name
    if (sqlstate := getattr(getattr(error, "orig", error), "sqlstate", None)) is not None:
        described["sqlstate"] = str(sqlstate)
    if frames := list(_our_frames(error.__traceback__)):
        described["frames"] = frames
    return described


def _message(record: logging.LogRecord) -> str:
    if _is_ours(record.name):
        return record.getMessage()
    return "a library's message, withheld because it may quote data"


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] in _OURS


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _our_frames(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _OURS:
            yield f"{path.relative_to(_ROOT)}:{frame.lineno} {frame.name}"


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("stopped by an uncaught exception", exc_info=(kind, error, trace))


def _log_forgotten(context: dict[str, Any]) -> None:
    error = context.get("exception")
    info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    logging.getLogger(__name__).error("an exception in the event loop that nobody awaited", exc_info=info)
