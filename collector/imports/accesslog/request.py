"""Request: what one line of a log says, whatever its format, with the person still in it."""

from datetime import datetime

from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """What one line says; ``user_agent`` is None where the format leaves it out.

    ``peers`` are the addresses that stand where the client does, the nearest last, or the one name that was looked up instead;
    there are none where the log holds none. ``forwarded`` is the list that came with the request, also the nearest last.
    ``vhost`` is the virtual host that the log names, ``host`` the one that the request line itself asks, each "" for none.
    """

    vhost: str
    host: str
    peers: tuple[str, ...]
    forwarded: tuple[str, ...]
    at: datetime
    method: str
    target: str
    status: int
    size: str
    referrer: str
    user_agent: str | None

    def __repr__(self) -> str:
        return "Request()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []
