"""The shape of every error answer: an RFC 9457 problem document that says what, which and what to do, and quotes nothing."""

import msgspec
from msgspec import Struct

MEDIA_TYPE = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457: ``title`` says what, ``detail`` which and what to do, ``code`` is for programs, ``field`` is a name of ours."""

    status: int
    title: str
    code: str
    detail: str = ""
    field: str = ""
    type: str = "about:blank"

    def body(self) -> bytes:
        """Return the document as JSON bytes."""
        return msgspec.json.encode(self)
