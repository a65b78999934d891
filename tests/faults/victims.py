"""Victims: the servers and roles of a chaos run, each of which can be killed, frozen, thawed and brought back."""

import asyncio
import contextlib
import os
import signal
from typing import Protocol

import psutil

from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from tests.faults.role import Role
from tests.faults.waiting import PATIENCE


class Victim(Protocol):
    """Something that can be hurt, and comes back."""

    name: str
    ways: tuple[str, ...]

    def hurt(self, way: str) -> None:
        """Do one of ``ways`` to it."""

    async def bring_back(self) -> None:
        """Thaw it, or start it again; fail when it has ended without our doing."""


class RoleVictim:
    """A role: killed, frozen, or asked to stop."""

    ways = ("kill", "kill", "freeze", "terminate")

    def __init__(self, role: Role) -> None:
        self.name = role.name
        self._role = role
        self._is_hurt = False

    def hurt(self, way: str) -> None:
        self._assert_alive()
        self._is_hurt = way != "freeze"
        number = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "terminate": signal.SIGTERM}[way]
        self._role.signal(number)

    async def bring_back(self) -> None:
        self._assert_alive()
        if self._is_hurt:
            code = await asyncio.to_thread(self._role.end)
            assert code in (0, -signal.SIGKILL, -signal.SIGTERM), f"{self.name} ended with {code}: {self._role.said()[-2000:]}"
            self._role.start()
            self._is_hurt = False
        else:
            self._role.signal(signal.SIGCONT)

    def _assert_alive(self) -> None:
        assert self._is_hurt or self._role.is_running, f"{self.name} has ended by itself: {self._role.said()[-2000:]}"


class NatsVictim:
    """The nats-server: killed or frozen."""

    name = "nats-server"
    ways = ("kill", "kill", "freeze")

    def __init__(self, server: NatsServer) -> None:
        self._server = server

    def hurt(self, way: str) -> None:
        os.kill(self._server.pid, signal.SIGKILL if way == "kill" else signal.SIGSTOP)
        if way == "kill":
            self._server.child.process.wait(PATIENCE)

    async def bring_back(self) -> None:
        if self._server.child.is_running:
            os.kill(self._server.pid, signal.SIGCONT)
        else:
            await asyncio.to_thread(self._server.start)


class PostgresVictim:
    """Postgres: its first process or one of its sessions killed, or all of it frozen."""

    name = "postgres"
    ways = ("kill", "kill a session", "freeze")

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def hurt(self, way: str) -> None:
        first = psutil.Process(self._server.pid)
        if way == "kill":
            first.kill()
            self._server.child.process.wait(PATIENCE)
        elif way == "kill a session":
            # Its death makes Postgres end every other session and recover from its log.
            for session in [child for child in first.children() if _is_busy(child)][:1]:
                session.kill()
        else:
            _signal_all([first, *first.children(recursive=True)], signal.SIGSTOP)

    async def bring_back(self) -> None:
        if not self._server.child.is_running:
            await asyncio.to_thread(self._server.start)
            return
        first = psutil.Process(self._server.pid)
        _signal_all([*first.children(recursive=True), first], signal.SIGCONT)


def _is_busy(session: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return any(state in " ".join(session.cmdline()) for state in ("INSERT", "COPY", "SELECT", "COMMIT", "idle"))
    return False


def _signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
