"""A data directory is known again wherever it is moved to, and a copy of it is told from it."""

import json
import shutil
from pathlib import Path

import pytest

from collector.local.identity import Installation, settled


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A data directory that has an identity already."""
    folder = tmp_path / "parent" / "data"
    folder.mkdir(parents=True)
    settle(folder)
    return folder


def settle(folder: Path) -> Installation:
    return settled(folder, forget=lambda: None)


def copied(original: Path, to: Path) -> Path:
    return Path(shutil.copytree(original, to))


def moved(original: Path, tmp_path: Path) -> Path:
    return original.rename(tmp_path / "elsewhere")


def in_a_renamed_parent(original: Path, tmp_path: Path) -> Path:
    return original.parent.rename(tmp_path / "parent of another name") / "data"


def through_a_link(original: Path, tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(original)
    return tmp_path / "link"


def with_another_mode(original: Path, _: Path) -> Path:
    (original / "identity").chmod(0o640)
    return original


def in_the_place_of_another(original: Path, tmp_path: Path) -> Path:
    there = tmp_path / "elsewhere"
    copied(original, tmp_path / "copy")
    original.rename(there)
    (tmp_path / "copy").rename(original)
    return there


@pytest.mark.parametrize(
    "changed",
    [moved, in_a_renamed_parent, through_a_link, with_another_mode, in_the_place_of_another],
    ids=lambda it: it.__name__,
)
def test_a_data_directory_keeps_its_identity(original, tmp_path, changed):
    before = settle(original)
    folder = changed(original, tmp_path)
    assert settle(folder) == settle(folder) == before


def test_a_copy_gets_an_identity_of_its_own_once_what_came_along_is_forgotten(original, tmp_path):
    copy, forgotten = copied(original, tmp_path / "copy"), []
    with pytest.raises(InterruptedError):
        settled(copy, forget=interrupted)
    first = settled(copy, forget=lambda: forgotten.append(copy))
    assert (first.is_copy, forgotten) == (True, [copy])
    assert first.id != settle(original).id
    again = settle(copy)
    assert (again.id, again.is_copy) == (first.id, False)


def interrupted() -> None:
    raise InterruptedError


def test_a_copy_is_one_also_when_the_original_is_gone_or_has_moved(original, tmp_path):
    copies = [copied(original, tmp_path / name) for name in ("after a move", "after a removal")]
    original = original.rename(tmp_path / "moved")
    assert settle(copies[0]).is_copy
    shutil.rmtree(original)
    assert settle(copies[1]).is_copy


def test_a_backup_put_back_in_the_same_place_is_a_copy_although_inodes_are_used_again(original, tmp_path):
    backup = copied(original, tmp_path / "backup")
    shutil.rmtree(original)
    assert settle(copied(backup, original)).is_copy


def test_a_clone_of_a_whole_disk_is_a_copy_while_the_original_is_in_its_place(original, tmp_path):
    clone = copied(original, tmp_path / "clone")
    (settle(clone), settle(original))
    # Alike in everything: its number, where it was seen last, and the inode, which is another on this one disk.
    seen, its_own = (json.loads((folder / "identity.seen").read_text()) for folder in (original, clone))
    (clone / "identity.seen").write_text(json.dumps(seen | {"mark": its_own["mark"]}))
    assert settle(clone).is_copy
    assert not settle(original).is_copy


@pytest.mark.parametrize("content", [b"", b"\0" * 32, b"[", b"\xff"])
@pytest.mark.parametrize("name", ["identity", "identity.seen"])
def test_an_identity_that_was_cut_off_is_made_again_or_known_by_its_other_half(original, name, content):
    (original / name).write_bytes(content)
    assert len(settle(original).id) == 32
    assert not settle(original).is_copy
