"""Running the command line from a test: a `collector up` to watch, stop and kill, and waiting with a deadline."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from collector.local.probe import unready
from collector.settings import SETTINGS
from tests.ports import free_port

PATIENCE = 120.0
HIT = b'{"domain":"shop.example","name":"pageview","url":"https://shop.example/a"}'
COLLECTOR = (sys.executable, "-P", "-m", "collector.cli")


def clean_environment(**changes: str) -> dict[str, str]:
    """Return our environment with *changes* and no other setting: an empty one also overrules a .env in the checkout."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR_")}
    changed = {name.removesuffix("_FILE") for name in changes}
    return inherited | {setting.variable: "" for setting in SETTINGS if setting.variable not in changed} | changes


def eventually(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


class Up:
    """One `collector up` in a process of its own."""

    def __init__(self, data: Path, **changes: str) -> None:
        self.data = data
        self.port = free_port()
        self.output = data.with_name("up.out")
        argv = [*COLLECTOR, "up", "--data", str(data), "--port", str(self.port)]
        environment = clean_environment(COLLECTOR_PROJECTOR_PORT=str(free_port()), **changes)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(argv, stdout=output, stderr=output, start_new_session=True, env=environment)

    @property
    def runtime(self) -> dict:
        return json.loads((self.data / "runtime.json").read_text())

    @property
    def children(self) -> dict[str, int]:
        return self.runtime["children"]

    def everybody(self) -> dict[str, int]:
        return {"supervisor": self.process.pid, **self.children}

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        if not (self.data / "runtime.json").exists():
            return False
        return not unready("127.0.0.1", self.port) and not unready("127.0.0.1", self.runtime["projector_port"])

    def wait_until_ready(self) -> "Up":
        eventually(self.is_ready, "collector up is ready")
        return self

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def run_collector(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COLLECTOR, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean_environment(**environment),
        timeout=PATIENCE,
    )


def send_a_hit(port: int) -> int:
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/event", data=HIT, headers=kind)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def forget_cluster(data: Path) -> None:
    """Remove the files that a Postgres started by root keeps outside *data*."""
    location = data / "postgres" / "location"
    if location.exists():
        shutil.rmtree(location.read_text().strip())
