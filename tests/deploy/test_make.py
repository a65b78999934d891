"""`make` fetches what it needs behind a company's own certificate authority, with the uv that is here and without one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAYS_HOW_IT_WAS_CALLED = '#!/bin/sh\necho "$(basename "$0") $UV_SYSTEM_CERTS $UV_NATIVE_TLS $PIP_CERT" >> called\n'
# Stands for `python3 -m venv`: what it puts there says how it was called.
MAKES_A_VENV = """#!/bin/sh
mkdir -p .venv/bin && cp "$(dirname "$0")/says" .venv/bin/pip && cp "$(dirname "$0")/says" .venv/bin/uv
"""
# As a shell and make need them.
PROGRAMS = ("sh", "basename", "dirname", "mkdir", "cp", "touch", "echo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with nothing in it but the Makefile and what it looks at, and programs of the test's own."""
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    write(tmp_path / "bin" / "says", SAYS_HOW_IT_WAS_CALLED)
    return tmp_path


def write(program: Path, text: str) -> None:
    program.write_text(text)
    program.chmod(0o755)


def called(folder: Path, **environment: str) -> dict[str, str]:
    """Return how each program was called by `make .venv/synced`, by its name."""
    where = {"PATH": str(folder / "bin"), "HOME": os.environ.get("HOME", "/")}
    subprocess.run([str(shutil.which("make")), ".venv/synced"], cwd=folder, env=where | environment, check=True)
    return dict(line.split(" ", 1) for line in (folder / "called").read_text().splitlines())


def test_the_uv_that_is_here_trusts_what_the_system_trusts(folder):
    (folder / ".venv").mkdir()
    write(folder / "bin" / "uv", SAYS_HOW_IT_WAS_CALLED)
    assert called(folder) == {"uv": "1 1 "}


def test_without_uv_pip_and_the_uv_that_it_installs_do_too(folder):
    write(folder / "bin" / "python3", MAKES_A_VENV)
    how = called(folder, SSL_CERT_FILE="/company.pem")
    assert how == {"pip": "1 1 /company.pem", "uv": "1 1 "}


def test_what_was_said_otherwise_is_kept(folder):
    write(folder / "bin" / "python3", MAKES_A_VENV)
    how = called(folder, PIP_CERT="/of/ones/own.pem", SSL_CERT_FILE="/company.pem", UV_SYSTEM_CERTS="0")
    assert how == {"pip": "0 0 /of/ones/own.pem", "uv": "0 0 /of/ones/own.pem"}
