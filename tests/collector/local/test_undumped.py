"""A process of ours that crashes leaves nothing of its memory behind, wherever the machine would put it."""

import contextlib
import resource
import signal
import subprocess
import sys

import pytest

from collector.local.probe import ask
from tests.ports import free_port
from tests.running import COLLECTOR, PATIENCE, clean_environment, eventually

HIDDEN = """
import ctypes, resource, sys
from pathlib import Path
from collector.local import undumped
undumped._PATTERN = Path(sys.argv[1])
undumped.hide_memory()
print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def with_cores() -> None:
    """Let the process that is about to be started leave a core; a command that ran in this process may have forbidden it."""
    with contextlib.suppress(ValueError):  # only root may allow it again
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.parametrize(
    ("pattern", "limit"), [("core", 0), ("/var/cores/%p", 0), ("|/usr/share/apport/apport %p", 1), ("@/run/cores", 1)]
)
def test_memory_goes_into_no_file_and_to_no_program(tmp_path, pattern, limit):
    (tmp_path / "core_pattern").write_text(f"{pattern}\n")
    argv = [sys.executable, "-c", HIDDEN, str(tmp_path / "core_pattern")]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True, preexec_fn=with_cores)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    assert answer.stdout.split() == [str(most), str(most), "0"]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGQUIT])
def test_a_role_that_crashes_leaves_no_core(tmp_path, number):
    port, nobody = free_port(), free_port()
    serve = subprocess.Popen(
        [*COLLECTOR, "serve", "--port", str(port)],
        cwd=tmp_path,
        env=clean_environment(COLLECTOR_NATS_URL=f"nats://127.0.0.1:{nobody}"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=with_cores,  # noqa: PLW1509  # one call, which takes no lock
    )
    eventually(lambda: ask("127.0.0.1", port, "/livez")[0] == 200, "it answers")
    serve.send_signal(number)
    assert serve.wait(PATIENCE) == -number
    assert list(tmp_path.glob("*core*")) == []
