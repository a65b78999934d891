"""The real servers that tests run against: a nats-server and a Postgres for the session, and private ones to kill."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import nats
import pytest
from hypothesis import HealthCheck, settings
from nats.js.errors import NotFoundError
from xdist.scheduler import LoadScopeScheduling

from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from projections.migrations import migrate

pytest_plugins = ["tests.browser"]
# What a machine is busy with beside the tests says nothing about what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
LONG = os.environ.get("LONG") == "all"
# Where one installation is made for all files of a folder.
STAY_TOGETHER = ("tests/hostile", "tests/privacy")


class ByFile(LoadScopeScheduling):
    """Hands each worker a whole file, or a whole folder of those that share what is dear to make."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        folder = file.rpartition("/")[0]
        return folder if folder in STAY_TOGETHER else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Share the files out among the workers."""
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is too long for every change, and say how much that was."""
    left_out = [item for item in items if item.get_closest_marker("long") is not None]
    if left_out and not LONG:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker("long") is None]


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedLauncher]:
    """Starts servers that do not outlive the tests, even when those are killed."""
    with GuardedLauncher(tmp_path_factory.mktemp("guard") / "children.json") as guarded:
        yield guarded


@pytest.fixture(scope="session")
def session_nats(tmp_path_factory: pytest.TempPathFactory, launcher: GuardedLauncher) -> Iterator[NatsServer]:
    """A nats-server that every test shares."""
    server = NatsServer(tmp_path_factory.mktemp("nats"), launcher=launcher)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def nats_url(session_nats: NatsServer) -> str:
    """The address of the shared nats-server; what another file has left in it is gone, whatever order they ran in."""
    asyncio.run(delete_streams(session_nats.url))
    return session_nats.url


@pytest.fixture
async def stream_free_nats(nats_url: str) -> str:
    """The address of the shared nats-server, without any stream in it."""
    await delete_streams(nats_url)
    return nats_url


@pytest.fixture(scope="session")
def session_postgres(tmp_path_factory: pytest.TempPathFactory, launcher: GuardedLauncher) -> Iterator[PostgresServer]:
    """A Postgres that every test shares."""
    folder = tmp_path_factory.mktemp("postgres")
    server = PostgresServer(folder, launcher=launcher)
    server.start()
    yield server
    server.stop()
    forget_files_of(folder)


@pytest.fixture
async def postgres_url(session_postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of a fresh, empty database."""
    database = f"test_{secrets.token_hex(6)}"
    await run_sql(session_postgres.url, f"CREATE DATABASE {database}")
    yield session_postgres.url_of(database)
    await run_sql(session_postgres.url, f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_tables(session_postgres: PostgresServer) -> str:
    """The name of a database with empty tables, to make others of."""
    asyncio.run(migrate(session_postgres.url_of("empty_tables")))
    return "empty_tables"


@pytest.fixture
def nats_server(tmp_path: Path, launcher: GuardedLauncher) -> Iterator[Callable[[], NatsServer]]:
    """Start private nats-servers, which a test may kill, stop and start again."""
    started: list[NatsServer] = []

    def start() -> NatsServer:
        server = NatsServer(tmp_path / f"nats-{len(started)}", launcher=launcher)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        stop_whatever_its_state(server)


@pytest.fixture
def postgres_server(tmp_path: Path, launcher: GuardedLauncher) -> Iterator[Callable[[], PostgresServer]]:
    """Start private Postgres servers, which a test may kill, stop and start again."""
    started: list[tuple[PostgresServer, Path]] = []

    def start() -> PostgresServer:
        folder = tmp_path / f"postgres-{len(started)}"
        server = PostgresServer(folder, launcher=launcher)
        started.append((server, folder))
        server.start()
        return server

    yield start
    for server, folder in started:
        stop_whatever_its_state(server)
        forget_files_of(folder)


def stop_whatever_its_state(server: NatsServer | PostgresServer) -> None:
    """Stop *server*, also when the test has frozen or killed it."""
    if server.child.is_running:
        os.kill(server.pid, signal.SIGCONT)
    server.stop()


def forget_files_of(folder: Path) -> None:
    """Remove the files that a Postgres started by root keeps outside *folder*."""
    location = folder / "location"
    if location.exists():
        shutil.rmtree(location.read_text().strip())


async def delete_streams(nats_url: str) -> None:
    connection = await nats.connect(nats_url)
    jetstream = connection.jetstream()
    for stream in await jetstream.streams_info():
        with contextlib.suppress(NotFoundError):
            await jetstream.delete_stream(stream.config.name)
    await connection.close()


async def run_sql(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
