"""The embedded Postgres: configured so that it is durable, modest and silent about rows, started on loopback and stopped."""

import signal
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from collector.local.child import (
    Child,
    Launcher,
    NotStarted,
    PlainLauncher,
    Program,
    on_a_free_port,
    run,
    stop_together,
    tail,
    wait_until,
)
from collector.local.disk import said_plainly
from collector.local.identity import Say
from collector.local.pg_cluster import SUPERUSER, Cluster, disown_lock, open_cluster, set_password
from collector.local.pg_place import AGAIN
from collector.local.private import LOOPBACK, private_folder, secret_in
from collector.settings.environment import plain_environment

DATABASE = "collector"
# Long enough to replay the log of a crash.
_START_SECONDS = 120.0
# After a kill -9 the orphaned backends hold the shared memory, or the lock file names a process, for a moment.
_CRASH_TRIES = 40
_CRASH_PAUSE_SECONDS = 0.25
_CRASH_WORDS = ("shared memory block", "lock file")
_FULL = "No space left"
_REFUSED = "password authentication failed"
# Fast shutdown, then immediate shutdown: both end every backend, which a kill would not.
_STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "60",
    # modest
    "shared_buffers": "128MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    # durable
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # silent: no row, statement or parameter ever reaches a log file
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_lock_waits": "off",
    "log_autovacuum_min_duration": "-1",
    "log_temp_files": "-1",
    "log_checkpoints": "off",
}


class PostgresServer:
    """A Postgres of our own that belongs to *folder*; its address stays the same from one start to the next."""

    name = "postgres"

    def __init__(
        self,
        folder: Path,
        *,
        launcher: Launcher | None = None,
        identity: str | None = None,
        say: Say = lambda _: None,
        settings: Mapping[str, str] = SETTINGS,
    ) -> None:
        self._folder = private_folder(folder.absolute())
        self._settings = settings
        self._identity = identity
        self._say = say
        self._launcher = launcher or PlainLauncher()
        self._password = secret_in(self._folder / "password")
        self._port: int | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Return the address of our database, with the password in it."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of *database* on this server."""
        if self._port is None:
            raise NotStarted("Postgres has no address before it has been started; call start() first")
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._port}/{database}"

    @property
    def child(self) -> Child:
        """Return the child as it was last started."""
        if self._child is None:
            raise NotStarted("Postgres has not been started yet; call start() first")
        return self._child

    @property
    def is_started(self) -> bool:
        """Say whether there is a child, running or not."""
        return self._child is not None

    @property
    def pid(self) -> int:
        """Return the child's process id."""
        return self.child.process.pid

    def start(self) -> None:
        """Start the server and return once our database takes connections."""
        cluster = open_cluster(self._folder, password=self._password, identity=self._identity, say=self._say)
        with said_plainly(cluster.folder):
            if self._port is not None:
                return self._start_on(self._port, cluster)
            return on_a_free_port(lambda port: self._start_on(port, cluster), cluster.log)

    def stop(self, *, patience: float = 8.0) -> None:
        """Stop the server: sessions are cut, what was committed stays."""
        if self._child is not None:
            stop_together([self._child], patience=patience)

    def _start_on(self, port: int, cluster: Cluster) -> None:
        try:
            return self._start_after_a_crash(port, cluster)
        except NotStarted as error:
            advice = f"If its files are damaged, move {cluster.files} away and start again. {AGAIN}"
            raise NotStarted(f"{error} {advice}") from error

    def _start_after_a_crash(self, port: int, cluster: Cluster) -> None:
        disown_lock(cluster)
        for _ in range(_CRASH_TRIES):
            try:
                return self._launch(port, cluster)
            except NotStarted:
                said = tail(cluster.log)
                if _FULL in said or not any(words in said for words in _CRASH_WORDS):
                    raise
                self._launcher.pause(_CRASH_PAUSE_SECONDS)
        return self._launch(port, cluster)

    def _launch(self, port: int, cluster: Cluster) -> None:
        self._run(port, cluster)
        if _REFUSED in self._psql(port, cluster, "SELECT 1").stderr:
            # The password was cut off or restored from elsewhere; the files are ours to open all the same.
            self.stop()
            set_password(cluster, self._password)
            self._run(port, cluster)
        self._make_database(port, cluster)
        self._port = port

    def _run(self, port: int, cluster: Cluster) -> None:
        self._child = child = self._launcher.launch(_program(port, cluster, self._settings))
        wait_until(lambda: _is_ready(cluster, child), child, self._launcher, patience=_START_SECONDS)

    def _make_database(self, port: int, cluster: Cluster) -> None:
        answer = self._psql(port, cluster, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")
        if answer.returncode == 0 and answer.stdout.strip() != "1":
            answer = self._psql(port, cluster, f"CREATE DATABASE {DATABASE}")
        if answer.returncode != 0:
            raise NotStarted(f"the embedded Postgres refuses its own client: {answer.stderr.strip()}")

    def _psql(self, port: int, cluster: Cluster, statement: str) -> CompletedProcess[str]:
        where = {"PGHOST": LOOPBACK, "PGPORT": str(port), "PGUSER": SUPERUSER, "PGDATABASE": "postgres"}
        argv = (cluster.binaries.path("psql"), "-X", "-w", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement)
        return run(argv, env=plain_environment() | where | {"PGPASSWORD": self._password})


def _program(port: int, cluster: Cluster, settings: Mapping[str, str]) -> Program:
    told = [f"--{name}={value}" for name, value in {**settings, "port": str(port)}.items()]
    return Program(
        name=PostgresServer.name,
        argv=(cluster.binaries.path("postgres"), "-D", str(cluster.files), *told),
        folder=cluster.folder,
        log=cluster.log,
        environment=plain_environment(),
        owner=cluster.owner,
        stop_signals=_STOP_SIGNALS,
    )


def _is_ready(cluster: Cluster, child: Child) -> bool:
    # What pg_ctl waits for: the first line is the process, the eighth its state.
    try:
        lines = (cluster.files / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return [line.strip() for line in lines[0:8:7]] == [str(child.process.pid), "ready"]
