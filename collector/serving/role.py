"""Running one role: its event loop, its logs, and what is wrapped around its app."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, cast

import uvloop
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types.internal_types import PathParameterDefinition
from msgspec import structs

from collector.asgi import App
from collector.failure import Failure
from collector.serving.about import About
from collector.serving.health import Operations
from collector.serving.logs import configure_logs, log_loop_errors
from collector.serving.measure import REQUESTS, Measured
from collector.serving.table import AddressTable
from collector.settings import Http, Log
from collector.stream.connection import StreamDrifted

_OPEN_FILES = 65_536


def run_role(log: Log, role: Coroutine[Any, Any, None]) -> None:
    """Run *role* to its end on a fast event loop, with logs that hold no request's data."""
    configure_logs(log.level)
    _allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        log_loop_errors(runner.get_loop())
        try:
            runner.run(role)
        except StreamDrifted as drifted:
            raise Failure(str(drifted)) from drifted


def operated(
    app: App,
    table: AddressTable,
    http: Http,
    *,
    role: str,
    checks: Callable[[], Awaitable[Mapping[str, str]]],
    about: About | None = None,
) -> Operations:
    """Return *app*, counted, with the operator's addresses in front of it; *about* is what /health tells beside the checks."""
    return Operations(
        Measured(app, table),
        role=role,
        checks=checks,
        access_token=http.access_token,
        is_loopback=http.is_loopback,
        about=None if about is None else structs.replace(about, requests=REQUESTS.total),
    )


def asgi(app: Litestar) -> App:
    """Return *app* as what it is; Litestar's own ASGI types are narrower than the standard's."""
    return cast("App", app)


def claims_of(app: Litestar) -> list[tuple[str, str]]:
    """Return (method, template) of everything that the app answers, a path's tail as ``{name:path}``."""
    return [
        (method, _template(route))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in sorted(route.methods - {"OPTIONS"})
    ]


def _template(route: HTTPRoute) -> str:
    parts = [part if isinstance(part, str) else _parameter(part) for part in route.path_components]
    return "/" + "/".join(parts)


def _parameter(part: PathParameterDefinition) -> str:
    return f"{{{part.name}:path}}" if part.type is Path else f"{{{part.name}}}"


def _allow_many_connections() -> None:
    # The usual soft limit of 1024 files is below the number of connections that we refuse in good order.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard, _OPEN_FILES) if hard != resource.RLIM_INFINITY else _OPEN_FILES, hard)
    )
