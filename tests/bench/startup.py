"""Start-up: from the start of a process to its first good answer, and how long the command line makes one wait for a word."""

import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.processes import ROOT, environment, role
from tests.bench.stage import Stage
from tests.bench.world import World, empty_stream, fresh_database, run

COLLECTOR = ("-m", "collector.cli")
COMMANDS = {
    "collector --help": (*COLLECTOR, "--help"),
    "collector --version": (*COLLECTOR, "--version"),
    "python -c pass": ("-c", "pass"),
    'python -c "import click"': ("-c", "import click"),
}
ROLES = ("serve", "project", "query")
HELP_AIM = Aim(at_most=400.0)


def measure(world: World) -> Sequence[Figure]:
    """Start everything several times, in turn."""
    words = interleaved(world.rounds + 2, {name: partial(_wait_for_a_word, argv) for name, argv in COMMANDS.items()})
    return [*run(_cold_starts(world)), *_figures(words)]


async def _cold_starts(world: World) -> list[Figure]:
    await empty_stream(world.nats.url)
    async with fresh_database(world.postgres) as database_url:

        def start(name: str) -> float:
            with role(name, world.launcher, world.folder, NATS_URL=world.nats.url, DATABASE_URL=database_url) as process:
                return process.ready_seconds * 1e3

        starts = interleaved(world.rounds, {name: partial(start, name) for name in ROLES})
    return [figure(f"collector {name}, cold start to /readyz", times, "ms") for name, times in starts.items()]


def _wait_for_a_word(argv: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1e3


def _figures(words: dict[str, list[float]]) -> list[Figure]:
    click = 'python -c "import click"'
    helped = figure("collector --help", words["collector --help"], "ms", aim=HELP_AIM)
    beside = [
        figure(name, words[name], "ms", beside=(click, words[click])) for name in ("collector --help", "collector --version")
    ]
    return [helped, *beside, *(figure(name, words[name], "ms") for name in COMMANDS if name.startswith("python"))]


STAGE = Stage(
    name="startup",
    says="From the start of a role's process to /readyz 200 with its servers up; a word of help from the command line.",
    measure=measure,
)
