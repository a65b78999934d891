"""The supervisor: starts the servers and the roles in order, revives what dies, and stops all of it in reverse."""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from collector.local.child import Child, NotStarted, Program, stop_together, tail
from collector.local.directory import Runtime, forget_runtime, write_runtime
from collector.local.guarded import GuardedLauncher
from collector.local.key_place import master_key_file
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from collector.local.private import LOOPBACK, private_folder
from collector.local.probe import unready
from collector.local.revived import Revived
from collector.local.servers import Servers
from collector.local.signals import StopSignals
from collector.local.store_care import StoreWatch
from collector.settings import Settings
from collector.settings.environment import environment_with

# Under ten seconds together: the roles answer what is under way, then the servers close.
ROLES_SECONDS, SERVERS_SECONDS = 6.0, 3.0
READY_SECONDS = 30.0
_TICK_SECONDS = 0.1


class Supervisor:
    """Everything that `collector up` runs on this machine."""

    def __init__(
        self, settings: Settings, servers: Servers, launcher: GuardedLauncher, signals: StopSignals, say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._launcher = launcher
        self._signals = signals
        self._say = say
        self._data = settings.local.data.absolute()
        self._logs = private_folder(self._data / "logs")
        self._children: list[Revived] = []
        self._roles: list[Revived] = []
        self._store: StoreWatch | None = None
        self._is_note_due = False

    def start(self) -> None:
        """Start everything, in order, and leave a note for other commands."""
        for server in self._servers.embedded:
            self._add(Revived(server.name, partial(_started, server)))
        preparing = self._begin_preparing()
        # What it imports takes longer than a start of the tables, and it waits for nothing of them: events come first.
        alone = ("--alone",) if self._servers.nats is not None else ()
        self._add_role("web", self._settings.http.port, *alone)
        self._finish(preparing)
        self._add_role("project", self._settings.http.projector_port)
        self._note()
        if (nats := self._servers.nats) is not None:
            self._store = StoreWatch(lambda: nats.monitor_url, lambda: nats.child.is_running, nats.store)
            self._store.start()

    def wait_until_ready(self) -> dict[str, str]:
        """Return once both roles are ready, or at last what they still lack."""
        deadline = time.monotonic() + READY_SECONDS
        while (lacking := self._lacking()) and time.monotonic() < deadline:
            self.look_after_all()
            self._signals.pause(_TICK_SECONDS)
        return lacking

    def look_after_all(self) -> None:
        """Start again what has ended, the guard included."""
        guard = self._launcher.guard_pid
        self._launcher.keep_guard()
        news = [said for each in self._children if (said := each.revive()) is not None]
        news += self._look_after_store()
        for said in news:
            self._say(said)
        if news or self._launcher.guard_pid != guard or self._is_note_due:
            self._note()

    def run(self) -> None:
        """Look after everything until Interrupted."""
        while True:
            self.look_after_all()
            self._signals.pause(_TICK_SECONDS)

    def stop(self) -> None:
        """Stop everything in reverse; at once when that was asked for twice."""
        if self._store is not None:
            self._store.stop()
        roles = [role.child for role in self._roles if role.child is not None]
        stop_together(roles, patience=ROLES_SECONDS, is_urgent=self._signals.is_urgent)
        self._servers.stop(patience=SERVERS_SECONDS, is_urgent=self._signals.is_urgent)
        forget_runtime(self._data)

    def _look_after_store(self) -> list[str]:
        if self._store is None:
            return []
        advice = self._store.advice()
        news = [] if advice.say is None else [advice.say]
        # Servers come first, NATS before all: see Servers.embedded.
        return [*news, self._children[0].restart()] if advice.restart else news

    def _add(self, each: Revived) -> None:
        each.start()
        self._children.append(each)

    def _add_role(self, name: str, port: int, *options: str) -> None:
        role = Revived(name, partial(self._launcher.launch, self._program(name, "--port", str(port), *options)))
        self._roles.append(role)
        self._add(role)

    def _begin_preparing(self) -> tuple[Child, Child | None]:
        """Begin to bring the tables up to date and, the first time, to make the master key."""
        migrating = self._launcher.launch(self._program("migrate"))
        is_first = not master_key_file(self._settings.control, self._settings.local).exists()
        return migrating, self._launcher.launch(self._program("control", "init")) if is_first else None

    def _finish(self, preparing: tuple[Child, Child | None]) -> None:
        migrating, sealing = preparing
        while migrating.is_running or (sealing is not None and sealing.is_running):
            self._launcher.pause(_TICK_SECONDS)
        if migrating.process.returncode != 0:
            raise NotStarted(f"the database could not be migrated. {tail(migrating.program.log).strip()}")
        if sealing is not None and sealing.process.returncode != 0:
            # Events are taken all the same; only sign-in and what else needs the vault is closed.
            self._say(f"there is no master key. {tail(sealing.program.log).strip()}")

    def _program(self, role: str, *options: str) -> Program:
        where = {
            "COLLECTOR_DATA": str(self._data),
            "COLLECTOR_HOST": self._settings.http.host if role == "web" else LOOPBACK,
            "COLLECTOR_NATS_URL": self._servers.nats_url,
            "COLLECTOR_NATS_MONITOR_URL": self._servers.monitor_url or "",
            "COLLECTOR_DATABASE_URL": self._servers.database_url,
        }
        return Program(
            name=role,
            # -P: what lies in the current folder is not our code.
            argv=(sys.executable, "-P", "-m", "collector.cli", role, *options),
            folder=Path.cwd(),
            log=self._logs / f"{role}.log",
            environment=environment_with(where),
        )

    def _note(self) -> None:
        children = {each.name: each.child.process.pid for each in self._children if each.child is not None}
        guard = self._launcher.guard_pid
        runtime = Runtime(
            pid=os.getpid(),
            nats_url=self._servers.nats_url,
            monitor_url=self._servers.monitor_url,
            database_url=self._servers.database_url,
            web_url=self._settings.http.public_url,
            web_port=self._settings.http.port,
            projector_port=self._settings.http.projector_port,
            children=children if guard is None else children | {"guard": guard},
        )
        try:
            write_runtime(self._data, runtime)
            self._is_note_due = False
        except OSError:
            # A full disk: the note is written once there is room.
            self._is_note_due = True

    def _lacking(self) -> dict[str, str]:
        return unready(self._settings.http.host, self._settings.http.port) | unready(
            LOOPBACK, self._settings.http.projector_port
        )


def _started(server: NatsServer | PostgresServer) -> Child:
    server.start()
    return server.child
