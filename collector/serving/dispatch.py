"""Two apps on one port, told apart by path."""

from collections.abc import Iterable

from collector.serving.asgi import App, Receive, Scope, Send


class Dispatch:
    """An ASGI app that sends the ingest addresses to *ingest* and everything else to *query*."""

    def __init__(self, *, ingest: App, query: App, paths: Iterable[str], prefixes: Iterable[str]) -> None:
        self._ingest = ingest
        self._query = query
        self._paths = frozenset(paths)
        self._prefixes = tuple(f"{prefix.rstrip('/')}/" for prefix in prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path: str = scope["path"]
        is_ingest = path in self._paths or path.rstrip("/") in self._paths or path.startswith(self._prefixes)
        await (self._ingest if is_ingest else self._query)(scope, receive, send)
