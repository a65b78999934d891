"""The words that all addresses of the Flowcore collector share: where it is mounted, and how it says that something failed."""

from typing import Final

import msgspec

from collector.answer import Answer, Headers, problem_of, retry_headers
from collector.dialects.native import JSON
from collector.outcomes import Failure, Rejected
from contracts.mounts import Mount

DIALECT: Final = "flowcore"
MOUNT: Final = f"/{Mount.FLOWCORE}"
TEXT: Final[Headers] = ((b"content-type", b"text/plain;charset=utf-8"),)


def error(failure: Failure) -> Answer:
    """Return *failure* as ``{"error": ...}``, with a status that says whether coming back helps."""
    if isinstance(failure, Rejected):
        return said(failure.status, failure.detail)
    problem = problem_of(failure)
    told = msgspec.json.decode(problem.body)
    return said(problem.status, f"{told['title']} {told['detail']}", retry_headers(failure))


def said(status: int, text: str, headers: Headers = ()) -> Answer:
    """Return *text* as the collector says what went wrong."""
    return Answer(status=status, headers=(*JSON, *headers), body=msgspec.json.encode({"error": text}))
