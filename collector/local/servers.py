"""The NATS and the Postgres of one run: embedded, but for those whose address the settings name."""

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from collector.local.child import Child, Launcher, NotStarted, stop_together
from collector.local.directory import locked
from collector.local.disk import said_plainly
from collector.local.guard import stop_recorded
from collector.local.guarded import GuardedLauncher
from collector.local.identity import Say, settled
from collector.local.nats import NatsServer
from collector.local.pg_cluster import forget_cluster
from collector.local.pg_place import recorded_place
from collector.local.postgres import PostgresServer
from collector.settings import Settings

_COPIED = (
    "{data} is a copy of another data directory, or was restored or moved from another disk: it is an installation of its own "
    "from now on, with a Postgres of its own. The numbers are computed again from its own stream."
)


class Servers:
    """What a run needs, started in order and stopped together."""

    def __init__(
        self, settings: Settings, launcher: Launcher, *, identity: str | None = None, say: Say = lambda _: None
    ) -> None:
        data = settings.local.data.absolute()
        self._settings = settings
        self.nats = None if settings.nats.url else NatsServer(data / "nats", launcher=launcher)
        self.postgres = None
        if not settings.postgres.url:
            self.postgres = PostgresServer(data / "postgres", launcher=launcher, identity=identity, say=say)

    @property
    def embedded(self) -> list[NatsServer | PostgresServer]:
        """Return the servers that are ours to start and stop."""
        return [server for server in (self.nats, self.postgres) if server is not None]

    @property
    def nats_url(self) -> str:
        """Return the address of NATS."""
        return self.nats.url if self.nats else _given(self._settings.nats.url)

    @property
    def monitor_url(self) -> str | None:
        """Return the address of NATS's monitoring pages, if it is known."""
        return self.nats.monitor_url if self.nats else self._settings.nats.monitor_url

    @property
    def database_url(self) -> str:
        """Return the address of Postgres."""
        return self.postgres.url if self.postgres else _given(self._settings.postgres.url)

    def start(self) -> None:
        """Start what is ours and return once it is ready."""
        for server in self.embedded:
            server.start()

    def stop(self, *, patience: float = 5.0, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Stop what is ours."""
        children: list[Child] = [server.child for server in self.embedded if server.is_started]
        stop_together(children, patience=patience, is_urgent=is_urgent)


@contextlib.contextmanager
def servers_in_data(
    settings: Settings, *, pause: Callable[[float], None] = time.sleep, say: Say = lambda _: None
) -> Iterator[tuple[Servers, GuardedLauncher]]:
    """Lock the data directory, stop what a killed run has left in it, and hand out the servers, not yet started."""
    data = settings.local.data.absolute()
    with said_plainly(data), locked(data, pause=pause) as lock:
        place = recorded_place(data / "postgres")
        installation = settled(data, forget=partial(_forget_what_came_along, data))
        if installation.is_copy:
            say(_COPIED.format(data=data))
        if installation.is_copy and place is not None and place.exists():
            say(f"{place} is left as it is; once no data directory needs it, it may be removed.")
        ledger = ledger_of(data)
        stop_recorded(ledger)
        with GuardedLauncher(ledger, lock=lock, pause=pause) as launcher:
            servers = Servers(settings, launcher, identity=installation.id, say=say)
            try:
                yield servers, launcher
            finally:
                servers.stop()


def _forget_what_came_along(data: Path) -> None:
    # Its processes are the original's, as are its secrets and the Postgres that it knows.
    for file in (ledger_of(data), data / "nats" / "token", data / "postgres" / "password"):
        file.unlink(missing_ok=True)
    forget_cluster(data / "postgres")


def ledger_of(data: Path) -> Path:
    """Return the file that lists the running children."""
    return data / "children.json"


def _given(url: str | None) -> str:
    if url is None:
        raise NotStarted("neither an address nor an embedded server; this is a defect")
    return url
