"""What was measured on, and with which versions: a figure without them says little."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import asyncpg
import psutil

from collector.local.nats import nats_server_binary

LIBRARIES = ("collector", "litestar", "uvicorn", "uvloop", "httptools", "msgspec", "nats-py", "sqlalchemy", "asyncpg")


def machine() -> dict[str, str]:
    """Return what this machine is."""
    return {
        "cpu": _cpu_model(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


async def versions(database_url: str) -> dict[str, str]:
    """Return the versions of everything that takes part."""
    connection = await asyncpg.connect(database_url)
    postgres = await connection.fetchval("SHOW server_version")
    await connection.close()
    return {
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "nats-server": _nats_version(),
        "postgres": postgres.split()[0],
    }


def _nats_version() -> str:
    said = subprocess.run([nats_server_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[-1].removeprefix("v")


def _cpu_model() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
