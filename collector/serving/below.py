"""The house below a path of a host, behind a proxy: requests lose the path on their way in, answers get it on their way out."""

import re
from typing import Final
from urllib.parse import unquote

from collector.asgi import App, Message, Receive, Scope, Send
from collector.serving.table import AddressTable
from contracts.below import entered_below

_COOKIE_OF_ALL: Final = re.compile(rb"(?i)(;\s*path=)/(?=\s*(?:;|$))")


class Below:
    """An ASGI app that serves *app* below *path*, whether the proxy in front takes the path off or leaves it.

    What is one of our addresses as it came is taken so, for the proxy has taken the path off: one that leaves it may not serve
    us below a path that our own addresses begin with, such as /api.
    """

    def __init__(self, app: App, table: AddressTable, path: str) -> None:
        self._app = app
        self._table = table
        self._path = path.encode("ascii")
        self._said = unquote(path)
        self._pieces = path.count("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def outward(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [self._led(name, value) for name, value in message["headers"]]
            await send(message)

        return await self._app(entered_below(self._inside(scope), self._path.decode()), receive, outward)

    def _inside(self, scope: Scope) -> Scope:
        path: str = scope["path"]
        if not f"{path}/".startswith(f"{self._said}/"):
            return scope
        # The path itself is the front page, also where one of our addresses is called so.
        is_front = path.rstrip("/") == self._said and scope["method"] in ("GET", "HEAD")
        if not is_front and self._table.takes(scope["method"], path):
            return scope
        raw: bytes = scope.get("raw_path") or b""
        rest = b"/" + b"/".join(raw.split(b"/")[1 + self._pieces :])
        return {**scope, "path": "/" if is_front else path.removeprefix(self._said), "raw_path": rest}

    def _led(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        match name.lower():
            case b"location" if value.startswith(b"/") and not value.startswith(b"//"):
                return name, self._path + value
            case b"set-cookie":
                return name, _COOKIE_OF_ALL.sub(rb"\g<1>" + self._path, value)
        return name, value


def below(app: App, table: AddressTable, path: str) -> App:
    """Return *app* below *path*, and *app* itself where there is none."""
    return Below(app, table, path) if path else app
