"""The README's promises: what it tells a newcomer to type works as it stands."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from collector.cli import COMMANDS, main
from collector.local.probe import unready
from tests.ports import free_port
from tests.running import PATIENCE, Up, clean_environment, eventually, forget_cluster
from tests.walk.answers import numbers

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


def blocks(heading: str) -> list[str]:
    """Return the shell blocks below *heading*."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def shell(folder: Path, script: str) -> str:
    """Run *script* in *folder*, where it may leave what it fetches."""
    done = subprocess.run(["sh", "-ec", script], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_what_it_says_to_send_and_to_ask_works(up, tmp_path: Path):
    key = "a-key-of-a-server-of-this-test"
    running: Up = up(COLLECTOR_API_KEYS=f"main:ingest+identity:override:{key}").wait_until_ready()
    address = f"http://127.0.0.1:{running.port}"
    (send, send_with_key, systems), (ask, *further) = blocks("Send"), blocks("Ask")
    said = shell(tmp_path, send.replace(ADDRESS, address))
    assert said.startswith("HTTP/1.1 204")
    assert '"status":"stored"' in said
    assert '"stored":2' in said
    eventually(lambda: numbers(running, "shop.example", "period=today&who=all")["pageviews"] == 4, "everything is counted")
    answers = shell(tmp_path, ask.replace("curl ", "curl --fail-with-body --silent --show-error ").replace(ADDRESS, address))
    assert {answer["site"] for answer in documents(answers) if "site" in answer} == {"shop.example"}
    assert numbers(running, "shop.example")["pageviews"] == 0, "curl counts as a robot, as the README says"
    shell(
        tmp_path,
        send_with_key.replace("curl ", "curl --fail-with-body --silent ")
        .replace(ADDRESS, address)
        .replace("...'", f"{key}'", 1),
    )
    said = shell(
        tmp_path,
        with_our_command(systems, running).replace("curl ", "curl --fail-with-body --silent ").replace(ADDRESS, address),
    )
    assert '"processed":1' in said, "bilan's"
    assert '"eventId"' in said, "Nodash's"
    assert '"accepted":1' in said, "Minigem's"
    assert "204" in said, "Flowcore's"
    assert '"crash"' in said, "the log server's, as it is read"
    # Goals are of a site that was added.
    for script in ("collector sites add shop.example", *further):
        asking = with_our_command(script, running).replace("curl ", "curl --fail-with-body --silent ")
        shell(tmp_path, asking.replace(ADDRESS, address))
    assert running.stop() == 0


def with_our_command(script: str, running: Up) -> str:
    """Return *script* with ``collector`` as this environment has it, which finds *running*."""
    command = f"{sys.executable} -m collector.cli"
    data = f"COLLECTOR_DATA={running.data}"
    return f'collector() {{ {data} {command} "$@"; }}\n{script}'


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield each of the JSON documents that stand one behind the other in *text*."""
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_explains_itself(entry):
    said = CliRunner().invoke(main, [entry.name, "--help"])
    assert said.exit_code == 0, said.output
    assert "Example" in said.output or "Commands" in said.output


def test_make_up_runs_the_product_and_ctrl_c_stops_it(tmp_path: Path):
    port, data = free_port(), tmp_path / "data"
    settings = {"COLLECTOR_PORT": str(port), "COLLECTOR_PROJECTOR_PORT": str(free_port()), "COLLECTOR_DATA": str(data)}
    make = subprocess.Popen(["make", "up"], cwd=ROOT, env=clean_environment(**settings), start_new_session=True)
    try:
        eventually(lambda: not unready("127.0.0.1", port), "make up is ready")
        os.killpg(make.pid, signal.SIGINT)  # a terminal sends it to everybody in the foreground
        make.wait(PATIENCE)
        assert unready("127.0.0.1", port)
        assert not (data / "runtime.json").exists(), "it stopped in order"
    finally:
        if make.poll() is None:
            os.killpg(make.pid, signal.SIGTERM)
            make.wait(PATIENCE)
        forget_cluster(data)
