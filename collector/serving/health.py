"""The addresses of the operator: /livez, /readyz, /health and /metrics, in front of an app and never counted or logged."""

import asyncio
import ipaddress
import json
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from collector import __version__
from collector.asgi import App, Headers, Receive, Scope, Send, answer
from collector.readiness import Note
from collector.serving.about import About, metrics_as_json, told_of, wants_json
from collector.serving.nodash_health import NODASH_HEALTH, nodash_health
from contracts.access import bearer_of, is_loopback_host, is_proxied, same_secret
from contracts.nowhere import mount_at
from contracts.problem import MEDIA_TYPE, Problem

Checks: TypeAlias = Callable[[], Awaitable[Mapping[str, str]]]

BUILD = Gauge("collector_build_info", "What is running, always 1.", ["version", "role", "python"])
_JSON: Headers = [(b"content-type", b"application/json")]
_METHODS = ("GET", "HEAD")
_CHECK_SECONDS = 2.0
BILAN_METRICS, CHANGE66_METRICS = "/bilan/metrics", "/change66/metrics"


class Operations:
    """An ASGI app that answers the operator's addresses itself and hands everything else to *app*.

    /livez, and /liveness by another name, says that the process runs, whatever it depends on. /readyz, and /readiness, /health
    and /healthz by other names, say with 503 that no work should be sent here: a check fails (its name -> what is wrong; "" is
    good, and a Note is no reason) or the process is draining. Nothing may restart ingest for that: it would lose the day's
    salt, and the next one would count everybody again. Which check fails is told to whoever asks directly from this machine or
    its private network, and to the access token; others, who come through the edge, read whether we are ready. /health says
    more, for clients of other systems. /metrics, for which JSON may be asked, asks for ``Authorization: Bearer`` and the access
    token where there is one, but for a scraper on this machine that comes to a loopback port by itself, not through a proxy.
    """

    def __init__(
        self,
        app: App,
        *,
        role: str,
        checks: Checks,
        access_token: str | None,
        is_loopback: bool,
        about: About | None = None,
    ) -> None:
        self._app = app
        self._checks = checks
        self._token = access_token
        self._is_loopback = is_loopback
        self._draining = False
        self._began = time.monotonic()
        self._about = about
        self._since = None if about is None else about.clock()
        BUILD.labels(__version__, role, platform.python_version()).set(1)

    def begin_drain(self) -> None:
        """Say from now on that we are not ready."""
        self._draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        answering = self.ANSWERS.get(scope["path"].rstrip("/")) if scope["type"] == "http" else None
        if answering is None:
            return await self._app(scope, receive, send)
        if scope["method"] not in _METHODS:
            if mount_at(scope["path"]) is not None:
                return await self._app(scope, receive, send)  # which has nothing there, and the system's words for it
            return await answer(send, 405, b"", [(b"allow", ", ".join(_METHODS).encode())])
        return await answering(self, scope, send)

    async def _live(self, _: Scope, send: Send) -> None:
        await answer(send, 200, b'{"status":"ok"}', _JSON)

    async def _ready(self, scope: Scope, send: Send) -> None:
        await self._tell_readiness(scope, send, {})

    async def _healthy(self, scope: Scope, send: Send) -> None:
        told = {} if self._about is None else told_of(self._about, seconds=self._ran_for())
        await self._tell_readiness(scope, send, told)

    async def _nodash(self, _: Scope, send: Send) -> None:
        is_ready = _are_good(await self._looked_at())
        document = nodash_health(is_ready=is_ready, seconds=self._ran_for())
        await answer(send, 200 if is_ready else 503, json.dumps(document).encode(), _JSON)

    def _ran_for(self) -> float:
        return time.monotonic() - self._began

    async def _looked_at(self) -> dict[str, str]:
        return {"draining": "is stopping"} if self._draining else dict(await self._checked())

    async def _tell_readiness(self, scope: Scope, send: Send, besides: Mapping[str, Any]) -> None:
        checks = await self._looked_at()
        is_ready = _are_good(checks)
        document: dict[str, Any] = {"status": "ok" if is_ready else "unavailable"}
        if self._may_see_checks(scope):
            document["checks"] = {name: why or "ok" for name, why in checks.items()}
        if besides:
            document |= {"ok": is_ready, **besides}
        await answer(send, 200 if is_ready else 503, json.dumps(document).encode(), _JSON)

    async def _metrics(self, scope: Scope, send: Send) -> None:
        if not self._may_read_metrics(scope):
            detail = "Set COLLECTOR_ACCESS_TOKEN, and send it as Authorization: Bearer."
            problem = Problem(status=401, title="The metrics need a token.", code="unauthorized", detail=detail)
            headers = [(b"content-type", MEDIA_TYPE.encode()), (b"www-authenticate", b"Bearer")]
            return await answer(send, 401, problem.body(), headers)
        if self._about is not None and self._since is not None and _asks_for_json(scope):
            told = await metrics_as_json(self._about, since=self._since)
            return await answer(send, 200, json.dumps(told).encode(), _JSON)
        return await answer(send, 200, generate_latest(), [(b"content-type", CONTENT_TYPE_LATEST.encode())])

    async def _checked(self) -> Mapping[str, str]:
        try:
            return await asyncio.wait_for(self._checks(), _CHECK_SECONDS)
        except TimeoutError:
            return {"checks": f"took longer than {_CHECK_SECONDS:.0f} s"}

    def _may_read_metrics(self, scope: Scope) -> bool:
        headers = _headers_of(scope)
        is_here = self._is_loopback and is_loopback_host(headers.get("host", "")) and not is_proxied(headers)
        return is_here or self._is_shown_token(headers)

    def _may_see_checks(self, scope: Scope) -> bool:
        headers = _headers_of(scope)
        return (_is_private(scope.get("client")) and not is_proxied(headers)) or self._is_shown_token(headers)

    def _is_shown_token(self, headers: Mapping[str, str]) -> bool:
        shown = bearer_of(headers.get("authorization", ""))
        return self._token is not None and shown is not None and same_secret(shown, self._token)

    ANSWERS: Mapping[str, Callable[["Operations", Scope, Send], Awaitable[None]]] = {
        "/livez": _live,
        "/liveness": _live,
        "/readyz": _ready,
        "/readiness": _ready,
        "/health": _healthy,
        "/healthz": _ready,
        "/metrics": _metrics,
        BILAN_METRICS: _metrics,
        CHANGE66_METRICS: _metrics,
        **dict.fromkeys(NODASH_HEALTH, _nodash),
    }


def _are_good(checks: Mapping[str, str]) -> bool:
    return not any(why and not isinstance(why, Note) for why in checks.values())


def _asks_for_json(scope: Scope) -> bool:
    return scope["path"] == BILAN_METRICS or wants_json(_headers_of(scope).get("accept", ""))


OPERATOR = tuple((method, path) for path in Operations.ANSWERS for method in _METHODS)


def _headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _is_private(peer: tuple[str, int] | None) -> bool:
    # What listens on a Unix socket is asked by this machine.
    if peer is None:
        return True
    try:
        return ipaddress.ip_address(peer[0]).is_private
    except ValueError:
        return False
