"""Making keys: the only place where a secret of one exists, for as long as it takes to show it once."""

import secrets
from base64 import urlsafe_b64encode

from msgspec import Struct

from contracts.keys import SECRET_BYTES, digest_of, key_text

_ID_BYTES = 8


class NewKey(Struct, frozen=True, kw_only=True):
    """A key that has just been made: ``id`` and ``digest`` are for its event, ``text`` is shown once and kept by nobody."""

    id: str
    text: str
    digest: str

    def __repr__(self) -> str:
        return f"NewKey(id={self.id!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return [("id", self.id)]


def new_key(short: str = "") -> NewKey:
    """Make a key: an id of 64 random bits where none is given, and a secret of 256."""
    short = short or secrets.token_hex(_ID_BYTES)
    text = key_text(short, urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).rstrip(b"=").decode())
    return NewKey(id=short, text=text, digest=digest_of(text))
