"""A fresh installation for one client: `collector up`, a site that is bound to the client's system, and its key."""

import json
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.running import Up, forget_cluster, run_collector

PATIENCE = 30


class Installation(Struct, frozen=True, kw_only=True):
    """A running product, the key of its one site, and where it can be asked."""

    up: Up
    folder: Path
    tenant: str
    site: str
    key: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.up.port}"

    def say(self, *arguments: str) -> str:
        """Return what a command of the product prints."""
        done = run_collector(self.folder, *arguments, "--data", str(self.up.data))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at *path*, asked with the site's key."""
        request = urllib.request.Request(self.address + path, headers={"X-API-Key": self.key} | dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                assert "X-Collector-Behind" not in answer.headers, f"{path} did not wait for what was written"
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} was answered {refused.code}") from refused

    def compute_again(self) -> None:
        """Throw the numbers away and compute them from the stream."""
        self.say("backfill")


@contextmanager
def installed(mount: str, *, tenant: str = "main", site: str = "app.example", key: str = "") -> Iterator[Installation]:
    """Lend an installation whose *site* is bound to *mount*; *key* is one that a client has in it, else one is issued."""
    with tempfile.TemporaryDirectory(prefix="clients-") as named:
        folder = Path(named)
        listed = {"COLLECTOR_API_KEYS": f"{tenant}:ingest+read:{key}"} if key else {}
        up = Up(folder / "data", **listed)
        try:
            made = Installation(up=up.wait_until_ready(), folder=folder, tenant=tenant, site=site, key=key)
            if tenant != "main":
                made.say("tenants", "add", tenant)
            made.say("sites", "add", site, "--tenant", tenant)
            made.say("sites", "bind", mount, site, "--tenant", tenant)
            scopes = ("--scope", "ingest", "--scope", "read", "--site", site, "--tenant", tenant)
            issued = key or made.say("keys", "issue", *scopes).split()[0]
            yield Installation(up=up, folder=folder, tenant=tenant, site=site, key=issued)
        finally:
            if up.process.poll() is None:
                up.stop(signal.SIGTERM)
            forget_cluster(up.data)


def run(*command: str | Path, standard_input: str = "", **environment: str) -> str:
    """Return what a client's program prints; it must end well."""
    done = subprocess.run(
        [str(part) for part in command],
        input=standard_input,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
