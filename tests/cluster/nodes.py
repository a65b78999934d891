"""Three nats-servers that are one cluster, each of which a test may kill, freeze, thaw and start again."""

import json
import secrets
import signal
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from collector.local.child import Child, Launcher, Program
from collector.local.nats import FILE_STORE, nats_server_binary
from collector.local.private import LOOPBACK
from contracts.streams import Family, streams_of
from tests.faults.waiting import PATIENCE, until
from tests.ports import free_port

NODES = 3
PARTITIONS = 2
SALTS = "KV_salts"
_CONFIG = """\
server_name: "{name}"
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
authorization {{ token: "{token}" }}
jetstream {{ store_dir: "{folder}/jetstream", sync_interval: always, max_memory_store: 64MB, max_file_store: {file_store} }}
cluster {{ name: "collector", listen: "{host}:{route_port}", routes: [{routes}] }}
"""


class Node:
    """One nats-server of a cluster, always at the same ports."""

    def __init__(self, number: int, folder: Path, launcher: Launcher) -> None:
        self.name = f"node-{number}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.port, self.monitor_port, self.route_port = free_port(), free_port(), free_port()
        self._launcher = launcher
        self._child: Child | None = None

    def start(self, token: str, routes: Sequence[int]) -> None:
        """Start it, and do not wait."""
        config = self.folder / "nats.conf"
        config.write_text(
            _CONFIG.format(
                name=self.name,
                host=LOOPBACK,
                port=self.port,
                monitor_port=self.monitor_port,
                route_port=self.route_port,
                token=token,
                folder=self.folder,
                file_store=FILE_STORE,
                routes=", ".join(f'"nats://{LOOPBACK}:{port}"' for port in routes),
            )
        )
        argv = (str(nats_server_binary()), "--config", str(config))
        self._child = self._launcher.launch(Program(name=self.name, argv=argv, folder=self.folder, log=self.folder / "log"))

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def kill(self) -> None:
        """Kill it as a power failure would, and with it all that it had in memory."""
        assert self._child is not None
        self._child.process.kill()
        self._child.process.wait(PATIENCE)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop_whatever_its_state(self) -> None:
        if self.is_running:
            self.thaw()
            self.kill()

    def is_healthy(self) -> bool:
        try:
            return self._page("healthz") == {"status": "ok"}
        except (OSError, ValueError):
            return False

    def streams(self) -> dict[str, dict[str, Any]]:
        """Return what it says of the streams that it has a copy of, by name."""
        told = self._page("jsz?streams=true&config=true")
        return {stream["name"]: stream for account in told["account_details"] for stream in account.get("stream_detail", [])}

    def _page(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.monitor_port}/{path}", timeout=2) as answer:
            page: dict[str, Any] = json.load(answer)
            return page

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.process.send_signal(number)


class Cluster:
    """The three of them, and who leads what."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        self.token = secrets.token_hex(16)
        self.nodes = [Node(number, folder, launcher) for number in range(NODES)]

    @property
    def url(self) -> str:
        """Return every address, as COLLECTOR_NATS_URL takes them."""
        return ",".join(self.url_of(node) for node in self.nodes)

    def url_of(self, node: Node) -> str:
        return f"nats://{self.token}@{LOOPBACK}:{node.port}"

    def start(self, *nodes: Node) -> None:
        """Start *nodes*, or all of them."""
        for node in nodes or self.nodes:
            node.start(self.token, [other.route_port for other in self.nodes if other is not node])

    async def healthy(self) -> None:
        """Return once every node is up and level with the others."""
        for node in self.nodes:
            await until(node.is_healthy, f"{node.name} is healthy")

    def leader_of(self, stream: str) -> Node | None:
        """Return the node that leads *stream*, None while nobody is known to."""
        for node in self.nodes:
            if node.is_healthy() and (found := node.streams().get(stream)) is not None:
                name = found.get("cluster", {}).get("leader")
                return next((each for each in self.nodes if each.name == name), None)
        return None

    async def led(self, stream: str) -> Node:
        """Return the node that leads *stream*, once there is one."""
        found: list[Node] = []

        def is_led() -> bool:
            found.extend(filter(None, [self.leader_of(stream)]))
            return bool(found)

        await until(is_led, f"{stream} has a leader")
        return found[0]

    def others(self, node: Node) -> list[Node]:
        return [other for other in self.nodes if other is not node]

    def replicas_of(self, stream: str) -> set[int]:
        """Return how many copies each node thinks that *stream* has."""
        return {found["config"]["num_replicas"] for node in self.nodes if (found := node.streams().get(stream)) is not None}

    def files(self) -> Iterator[bytes]:
        """Yield everything that any node has on its disk."""
        for node in self.nodes:
            for file in node.folder.rglob("*"):
                if file.is_file():
                    yield file.read_bytes()

    def stop(self) -> None:
        for node in self.nodes:
            node.stop_whatever_its_state()


# A family's streams are made with its first fact, and pageviews are all that is sent.
EVENT_STREAMS = [stream.name for stream in streams_of([Family(name="web")], partitions=PARTITIONS)]
