"""Where a command finds NATS and Postgres: where the settings say, in a running `collector up`, or started for it alone."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from typing import NamedTuple

from collector.failure import Failure
from collector.local.directory import InUse, Runtime, forget_runtime, is_used, running, write_runtime
from collector.local.servers import servers_in_data
from collector.settings import Http, Local, Nats, Postgres, Settings


class Endpoints(NamedTuple):
    """The addresses of NATS, Postgres and, where it is known, NATS's monitoring pages."""

    nats_url: str
    database_url: str
    monitor_url: str | None


@contextlib.asynccontextmanager
async def endpoints(settings: Settings, *, may_begin: bool = False) -> AsyncIterator[Endpoints]:
    """Lend the addresses, with servers behind them for as long as the block lasts.

    A data directory that nobody has used yet is refused unless we *may_begin* there: its name is likely mistyped.
    """
    with contextlib.ExitStack() as stack:
        yield known_endpoints(settings) or _started(settings, stack, may_begin=may_begin)


def known_endpoints(settings: Settings) -> Endpoints | None:
    """Return the addresses that the settings or a running `collector up` give, or None when one is missing."""
    runtime = running(settings.local.data.absolute())
    nats_url = settings.nats.url or (runtime.nats_url if runtime else None)
    database_url = settings.postgres.url or (runtime.database_url if runtime else None)
    if not nats_url or not database_url:
        return None
    return Endpoints(nats_url, database_url, settings.nats.monitor_url or (runtime.monitor_url if runtime else None))


def nats_url_for_role(nats: Nats, local: Local) -> str:
    """Return the NATS that a role uses, or say how to give it one: a role starts no servers."""
    return _wanted(known_nats_url(nats, local), "NATS", "COLLECTOR_NATS_URL")


def known_nats_url(nats: Nats, local: Local) -> str | None:
    """Return the NATS that the settings or a running `collector up` name, None where neither does."""
    runtime = running(local.data.absolute())
    return nats.url or (runtime.nats_url if runtime else None)


def web_url(http: Http, local: Local) -> str:
    """Return where the dashboard is: where a running `collector up` says, whose port was its own choice, else the settings."""
    runtime = running(local.data.absolute())
    return (runtime.web_url if runtime else None) or http.public_url


def database_url_for_role(postgres: Postgres, local: Local) -> str:
    """Return the Postgres that a role uses, or say how to give it one: a role starts no servers."""
    runtime = running(local.data.absolute())
    return _wanted(postgres.url or (runtime.database_url if runtime else None), "Postgres", "COLLECTOR_DATABASE_URL")


def _wanted(url: str | None, what: str, variable: str) -> str:
    if not url:
        raise Failure(f"no address of {what}: set {variable}, or run `collector up`, which brings its own.")
    return url


def _say(text: str) -> None:
    # What the command prints is its own; this is about where it looks.
    sys.stderr.write(f"{text}\n")


def _started(settings: Settings, stack: contextlib.ExitStack, *, may_begin: bool) -> Endpoints:
    # Nothing else runs on the event loop yet, so it may as well wait here.
    data = settings.local.data.absolute()
    if not may_begin and not is_used(data) and not settings.nats.url and not settings.postgres.url:
        raise Failure(f"there is no collector's data in {data}. Is --data right? `collector up` begins there.")
    try:
        servers, _ = stack.enter_context(servers_in_data(settings, say=_say))
    except InUse:
        # An `up` that was just starting has come up meanwhile.
        if (found := known_endpoints(settings)) is not None:
            return found
        raise
    servers.start()
    found = Endpoints(servers.nats_url, servers.database_url, servers.monitor_url)
    runtime = Runtime(pid=os.getpid(), nats_url=found.nats_url, monitor_url=found.monitor_url, database_url=found.database_url)
    stack.callback(forget_runtime, data)
    write_runtime(data, runtime)
    return found
